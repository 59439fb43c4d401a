import './json-source.ts'
import { ValueError } from './errors.ts'
import { Float, floatValue, intValue, isList, type Value } from './value.ts'

/** Levels of lists and mappings. JSON.parse reads millions of levels, but nothing can write more than about 5,000 again. */
export const JSON_DEPTH_MAX = 1_000

/** As many as Python reads and writes; longer ones take time in the square of their length. */
export const INT_DIGITS_MAX = 4_300

/**
 * Text in which every number means the same to plain JSON.parse as to us: no whole float, no minus zero, and no number of
 * so many digits that its fraction or its last digits could be lost (15 digits are always exact); nor may a key be `__proto__`.
 * May match inside strings, which only costs time.
 */
const NEEDS_SOURCE = /\d\.0+(?!\d)|\d[eE][-+\d]|[\d.]{16}|-0(?![.\d])|__proto__|\\u005f/i

/**
 * Reads JSON text, ints and floats kept apart.
 * @throws {ValueError} `value/syntax`, `value/depth`, `value/forbidden-key`
 */
export function parseValue(text: string): Value {
  if (text.length > 2 * JSON_DEPTH_MAX) checkDepth(text)
  try {
    return NEEDS_SOURCE.test(text) ? (JSON.parse(text, withSource) as Value) : (JSON.parse(text) as Value)
  } catch (error) {
    if (error instanceof SyntaxError) throw new ValueError('value/syntax', `not JSON: ${error.message}`)
    throw error
  }
}

/**
 * JSON text of a value; a float keeps its point. Keys in their order.
 * @throws {ValueError} `value/not-json` for nan and the infinities
 */
export function writeValue(value: Value): string {
  try {
    return writeFast(value)
  } catch (error) {
    if (error instanceof SyntaxError) throw new ValueError('value/not-json', 'nan and the infinities have no JSON text')
    throw error
  }
}

function writeFast(value: Value): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    // JSON.stringify refuses bigints; only with them the slow way is needed.
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(value, (_key, item: unknown) =>
      typeof item === 'bigint' ? JSON.rawJSON(String(item)) : item,
    )
  }
}

/** JSON text with keys sorted (UTF-16 order) and without blanks: equal values, equal text. For content hashes. */
export function canonicalJson(value: Value): string {
  return writeValue(sortKeys(value))
}

/** A copy for users' code: floats and safe ints are numbers, ints beyond 2^53 stay bigints. */
export function toPlain(value: Value): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Float) return value.value
  if (isList(value)) return value.map(toPlain)
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) copy[key] = toPlain(value[key] ?? null)
  return copy
}

function withSource(key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (key === '__proto__') throw new ValueError('value/forbidden-key', 'the key __proto__ is not allowed')
  if (typeof value !== 'number' || source === undefined) return value
  if (/[.eE]/.test(source)) return floatValue(value)
  if (Number.isSafeInteger(value)) return value + 0
  if (source.length > INT_DIGITS_MAX)
    throw new ValueError('value/syntax', `an int of more than ${INT_DIGITS_MAX} digits`)
  return intValue(BigInt(source))
}

function sortKeys(value: Value): Value {
  if (typeof value !== 'object' || value === null || value instanceof Float) return value
  if (isList(value)) return value.map(sortKeys)
  const sorted: Record<string, Value> = {}
  for (const key of Object.keys(value).sort()) sorted[key] = sortKeys(value[key] ?? null)
  return sorted
}

function checkDepth(text: string): void {
  let depth = 0
  let isInString = false
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit === 0x22) isInString = !isInString
    else if (isInString) index += unit === 0x5c ? 1 : 0
    else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > JSON_DEPTH_MAX)
        throw new ValueError('value/depth', `JSON of more than ${JSON_DEPTH_MAX} levels, at character ${index + 1}`)
    } else if (unit === 0x5d || unit === 0x7d) depth--
  }
}
