import { printableJson } from '../terminal/printable.ts'

/** JSON text, indented, floats with their point, harmless on a terminal. */
export function jsonText(document: unknown): string {
  const text = JSON.stringify(
    document,
    (_key, value: unknown) => (typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value),
    2,
  )
  return `${printableJson(text)}\n`
}
