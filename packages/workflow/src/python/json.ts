import { Float, isList, type Value } from '../value/value.ts'
import { compareText } from './code-points.ts'
import { floatRepr } from './float-text.ts'
import { intText } from './number.ts'

/**
 * What Python's `json.dumps` writes: `", "` and `": "`, all but ASCII escaped, keys by code point unless they are to stay as they come.
 * Recorded answers of the mock provider are found by the SHA-256 of this text; models read results of tools in it.
 */
export function pythonJson(value: Value, { sortKeys = true }: { readonly sortKeys?: boolean } = {}): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value === 'string') return asciiJsonText(value)
  if (value instanceof Float) return jsonFloat(value.value)
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : jsonFloat(value)
  if (typeof value === 'bigint') return intText(value)
  if (isList(value)) return `[${value.map((item) => pythonJson(item, { sortKeys })).join(', ')}]`
  const entries = Object.entries(value)
  if (sortKeys) entries.sort(([left], [right]) => compareText(left, right))
  return `{${entries.map(([key, item]) => `${asciiJsonText(key)}: ${pythonJson(item, { sortKeys })}`).join(', ')}}`
}

function jsonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value < 0 ? '-Infinity' : 'Infinity'
  return floatRepr(value)
}

function asciiJsonText(text: string): string {
  // JSON.stringify leaves U+007F as it is, and so does Python.
  return JSON.stringify(text).replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
