import { Float, isList } from '../value/value.ts'
import { floatRepr } from './float-text.ts'
import { intText, isFloat } from './number.ts'
import { Opaque, plainMapping, PyDict, PyList, type Py } from './objects.ts'
import { PythonError } from './error.ts'

/** Levels that are written out; values are at most a few hundred deep, so this only stops the stack from running over. */
const DEPTH_MAX = 1_500

/**
 * Python's `str`: text as it is, everything else as {@link repr}.
 * @param lengthMax UTF-16 units; counted while the text is built
 * @throws {PythonError} `limit` beyond it
 */
export function str(value: Py, lengthMax = Infinity): string {
  if (typeof value === 'string') return value
  return repr(value, lengthMax)
}

/** Python's `repr`. @throws {PythonError} `limit` beyond `lengthMax` UTF-16 units */
export function repr(value: Py, lengthMax = Infinity): string {
  const writer = new ReprWriter(lengthMax)
  writer.write(value, 0)
  return writer.text
}

/** Python's `ascii`: `repr` with all that is not ASCII escaped. */
export function asciiRepr(value: Py, lengthMax = Infinity): string {
  return repr(value, lengthMax).replaceAll(/[^\0-\x7f]/gu, escapeCodePoint)
}

class ReprWriter {
  text = ''
  readonly #lengthMax: number

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax
  }

  write(value: Py, depth: number): void {
    if (depth > DEPTH_MAX) throw new PythonError(`more than ${DEPTH_MAX} levels`, 'limit')
    if (isList(value)) return this.#writeList(value, ['[', ']'], depth)
    if (value instanceof PyList) {
      const close = value.isTuple ? (value.items.length === 1 ? ',)' : ')') : ']'
      return this.#writeList(value.items, [value.isTuple ? '(' : '[', close], depth)
    }
    if (value instanceof PyDict) return this.#writeMapping(value.entries.values(), depth)
    const mapping = plainMapping(value)
    if (mapping !== null) return this.#writeMapping(Object.entries(mapping), depth)
    this.#put(scalarRepr(value))
  }

  #writeList(items: readonly Py[], [open, close]: readonly [string, string], depth: number): void {
    this.#put(open)
    let isFirst = true
    for (const item of items) {
      if (!isFirst) this.#put(', ')
      isFirst = false
      this.write(item, depth + 1)
    }
    this.#put(close)
  }

  #writeMapping(entries: Iterable<readonly [Py, Py]>, depth: number): void {
    this.#put('{')
    let isFirst = true
    for (const [key, item] of entries) {
      if (!isFirst) this.#put(', ')
      isFirst = false
      this.write(key, depth + 1)
      this.#put(': ')
      this.write(item, depth + 1)
    }
    this.#put('}')
  }

  #put(text: string): void {
    this.text += text
    if (this.text.length > this.#lengthMax)
      throw new PythonError(`text of more than ${this.#lengthMax} characters`, 'limit')
  }
}

function scalarRepr(value: Py): string {
  if (value instanceof Opaque) return `<${value.label}>`
  if (value === null) return 'None'
  if (typeof value === 'string') return textRepr(value)
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (value instanceof Float) return floatRepr(value.value)
  if (typeof value === 'number') return isFloat(value) ? floatRepr(value) : String(value)
  if (typeof value === 'bigint') return intText(value)
  throw new Error(`no scalar: ${typeof value}`)
}

// Everything that Python's str.isprintable denies, but the blank, and the backslash.
const ESCAPED = /[\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u
const ESCAPED_ALL = new RegExp(ESCAPED, 'gu')
const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

function textRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const quoted = quote === "'" ? text.replaceAll("'", "\\'") : text
  if (!ESCAPED.test(text)) return quote + quoted + quote
  const escaped = text.replaceAll(ESCAPED_ALL, (point) => SHORT_ESCAPES.get(point) ?? escapeCodePoint(point))
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote
}

function escapeCodePoint(point: string): string {
  const code = point.codePointAt(0) ?? 0
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
}
