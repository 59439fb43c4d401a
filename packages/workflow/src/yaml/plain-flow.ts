import type { Value } from '../value/value.ts'
import { NotPlain } from './not-plain.ts'
import { plainScalar } from './plain-scalar.ts'

const LEVELS_MAX = 20
const KEYS_MAX = 1_000
const DOUBLE_QUOTED = /"((?:[^"\\]|\\["\\nt])*)"/y
const SINGLE_QUOTED = /'((?:[^']|'')*)'/y
const KEY = /([A-Za-z_][A-Za-z0-9_-]*): +/y
/** How a text begins that is nothing but a text or a number. */
const BLOCK_PLAIN = /(?:[A-Za-z0-9_./($+~]|-(?=[A-Za-z0-9.])).*/y
const FLOW_PLAIN = /(?:[A-Za-z0-9_./($+~]|-(?=[A-Za-z0-9.]))[^,[\]{}:#"'&*!|>%@`?]*/y
/** Nothing more, but perhaps a comment. */
const REST = /(?: +#.*| *)$/y

/** Reads a value that begins and ends in one line. */
export class FlowReader {
  readonly #text: string
  #at: number

  constructor(text: string, start: number) {
    this.#text = text
    this.#at = start
  }

  /** The value that is the rest of the line. */
  line(): Value {
    const value = this.#collectionOrQuoted(1)
    if (value === undefined) return this.#plainLine()
    REST.lastIndex = this.#at
    if (!REST.test(this.#text)) throw new NotPlain()
    return value
  }

  #plainLine(): Value {
    const whole = this.#take(BLOCK_PLAIN)[0]
    const comment = whole.indexOf(' #')
    const plain = (comment === -1 ? whole : whole.slice(0, comment)).trimEnd()
    if (plain.includes(': ') || plain.endsWith(':')) throw new NotPlain()
    return plainScalar(plain)
  }

  #collectionOrQuoted(level: number): Value | undefined {
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x22: {
        const [whole, inside = ''] = this.#take(DOUBLE_QUOTED)
        return inside.includes('\\') ? (JSON.parse(whole) as string) : inside
      }
      case 0x27:
        return (this.#take(SINGLE_QUOTED)[1] ?? '').replaceAll("''", "'")
      case 0x5b:
        return this.#list(level)
      case 0x7b:
        return this.#mapping(level)
      default:
        return undefined
    }
  }

  #value(level: number): Value {
    const value = this.#collectionOrQuoted(level)
    return value === undefined ? plainScalar(this.#take(FLOW_PLAIN)[0].trimEnd()) : value
  }

  #list(level: number): Value {
    if (level > LEVELS_MAX) throw new NotPlain()
    const items: Value[] = []
    this.#skip(1)
    if (this.#closes(0x5d)) return items
    do items.push(this.#value(level + 1))
    while (this.#continues(0x5d))
    return items
  }

  #mapping(level: number): Value {
    if (level > LEVELS_MAX) throw new NotPlain()
    const entries: Record<string, Value> = {}
    let count = 0
    this.#skip(1)
    if (this.#closes(0x7d)) return entries
    do {
      const key = this.#take(KEY)[1] ?? ''
      if (key === '__proto__' || plainScalar(key) !== key) throw new NotPlain()
      if (++count > KEYS_MAX || Object.hasOwn(entries, key)) throw new NotPlain()
      entries[key] = this.#value(level + 1)
    } while (this.#continues(0x7d))
    return entries
  }

  /** Behind an item: true for a comma, false for the end. */
  #continues(close: number): boolean {
    this.#skip(0)
    if (this.#closes(close)) return false
    if (this.#text.charCodeAt(this.#at) !== 0x2c) throw new NotPlain()
    this.#skip(1)
    return true
  }

  #closes(close: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== close) return false
    this.#at += 1
    return true
  }

  #skip(count: number): void {
    this.#at += count
    while (this.#text.charCodeAt(this.#at) === 0x20) this.#at += 1
  }

  #take(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) throw new NotPlain()
    this.#at = pattern.lastIndex
    return match
  }
}
