import { isMapping, type Value, type ValueMap } from '../value/value.ts'
import { plainScalar } from './plain-scalar.ts'
import { FlowReader } from './plain-flow.ts'
import { NotPlain } from './not-plain.ts'

// Most workflow files use little of YAML: block mappings and lists, texts on one line or in `|` blocks, and collections on one
// line. These are read here, eight times as fast as by the library and without its tree. Whatever is not of this kind, or would be worth
// an error or a warning, is left to the library: what is read here is what it would give.

/** Nothing of the plain kind nests deeper. */
const LEVELS_MAX = 50
const KEYS_MAX = 1_000
const KEY = /([A-Za-z_][A-Za-z0-9_-]*):(?: +|$)/y
/** Blanks that are none, other line ends, and tabs. */
const ODD = /[\t\u0085\u00a0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u3000\ufeff]/

/** The value of a plain YAML text whose top level is a mapping, or null where the library must read it. */
export function readPlain(text: string): ValueMap | null {
  if (ODD.test(text)) return null
  try {
    const value = new BlockReader(text).read()
    return isMapping(value) ? value : null
  } catch (error) {
    if (error instanceof NotPlain) return null
    throw error
  }
}

class BlockReader {
  /** All lines, and the numbers of those that are neither blank nor comments. */
  readonly #raw: readonly string[]
  readonly #lines: number[] = []
  readonly #indents: number[] = []
  readonly #texts: string[] = []
  readonly #endsWithBreak: boolean
  #at = 0

  constructor(text: string) {
    this.#raw = text.split('\n')
    this.#endsWithBreak = text.endsWith('\n')
    for (const [number, line] of this.#raw.entries()) {
      let indent = 0
      while (line.charCodeAt(indent) === 0x20) indent++
      if (indent === line.length || line.charCodeAt(indent) === 0x23) continue
      this.#lines.push(number)
      this.#indents.push(indent)
      this.#texts.push(line.slice(indent))
    }
  }

  read(): Value {
    if (this.#indent !== 0) throw new NotPlain()
    const value = this.#mapping(0, 1)
    if (this.#at < this.#lines.length) throw new NotPlain()
    return value
  }

  /** Of the line at hand; -1 at the end. */
  get #indent(): number {
    return this.#indents[this.#at] ?? -1
  }

  get #text(): string {
    return this.#texts[this.#at] ?? ''
  }

  get #isItem(): boolean {
    return this.#text.startsWith('- ')
  }

  #block(indent: number, level: number): Value {
    if (level > LEVELS_MAX) throw new NotPlain()
    return this.#isItem ? this.#list(indent, level) : this.#mapping(indent, level)
  }

  #mapping(indent: number, level: number): Value {
    const entries: Record<string, Value> = {}
    let count = 0
    while (this.#indent === indent && !this.#isItem) {
      const text = this.#text
      KEY.lastIndex = 0
      const key = KEY.exec(text)?.[1]
      if (key === undefined || ++count > KEYS_MAX || Object.hasOwn(entries, key)) throw new NotPlain()
      // Words that some readers take for something else are worth a look.
      if (key === '__proto__' || plainScalar(key) !== key) throw new NotPlain()
      entries[key] = this.#valueAfter(KEY.lastIndex, indent, level)
    }
    if (this.#indent > indent) throw new NotPlain()
    return entries
  }

  #list(indent: number, level: number): Value {
    const items: Value[] = []
    while (this.#indent === indent && this.#isItem) {
      const text = this.#text
      let start = 2
      while (text.charCodeAt(start) === 0x20) start++
      KEY.lastIndex = start
      if (KEY.test(text)) {
        // The mapping begins in the line of its dash.
        this.#indents[this.#at] = indent + start
        this.#texts[this.#at] = text.slice(start)
        if (level > LEVELS_MAX) throw new NotPlain()
        items.push(this.#mapping(indent + start, level + 1))
      } else if (start === text.length || text.startsWith('- ', start) || text.startsWith('#', start))
        throw new NotPlain()
      else items.push(this.#valueAfter(start, indent, level))
    }
    if (this.#indent > indent) throw new NotPlain()
    return items
  }

  /** What stands in the line behind a key or dash, or in the lines below. Leaves the line. */
  #valueAfter(start: number, indent: number, level: number): Value {
    const text = this.#text
    const first = text.charCodeAt(start)
    if (Number.isNaN(first) || first === 0x23) return this.#valueBelow(indent, level)
    if (first === 0x7c) return this.#literal(text.slice(start), indent)
    const reader = new FlowReader(text, start)
    const value = reader.line()
    this.#at += 1
    return value
  }

  #valueBelow(indent: number, level: number): Value {
    this.#at += 1
    if (this.#indent > indent) return this.#block(this.#indent, level + 1)
    return this.#indent === indent && this.#isItem ? this.#list(indent, level + 1) : null
  }

  /** `|` and `|-`. */
  #literal(head: string, parentIndent: number): Value {
    const isStripped = head === '|-'
    if (head !== '|' && !isStripped) throw new NotPlain()
    const from = (this.#lines[this.#at] ?? 0) + 1
    const raw = this.#raw
    let width = 0
    while (raw[from]?.charCodeAt(width) === 0x20) width++
    // A block that begins with an empty line, or has none, is left to the library.
    if (width <= parentIndent || width >= (raw[from] ?? '').length) throw new NotPlain()
    const blank = ' '.repeat(width)
    const found: string[] = []
    let [end, contentEnd] = [from, from]
    for (; end < raw.length; end++) {
      const line = raw[end] ?? ''
      if (line.startsWith(blank)) found.push(line.slice(width))
      else if (line.trimStart() === '') found.push('')
      else break
      if (found.at(-1) !== '') contentEnd = end + 1
    }
    if (end === raw.length && !this.#endsWithBreak) throw new NotPlain()
    while (this.#at < this.#lines.length && (this.#lines[this.#at] ?? 0) < end) this.#at += 1
    return found.slice(0, contentEnd - from).join('\n') + (isStripped ? '' : '\n')
  }
}
