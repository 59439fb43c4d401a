import { Float, type Value } from '../value/value.ts'

/** Characters of a value that a message repeats; more would bury the message and might carry a secret far. */
export const SHOWN_CHARS_MAX = 200

/** A user's text as a message may print it: cut, control characters and lone surrogates escaped. */
export function shown(text: string, charsMax = SHOWN_CHARS_MAX): string {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax)}…` : text
  return cut.replace(/[\p{Cc}\p{Cs}\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/gu, escaped)
}

function escaped(character: string): string {
  if (character === '\n') return String.raw`\n`
  if (character === '\t') return String.raw`\t`
  if (character === '\r') return String.raw`\r`
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** What was found, in words: `the number 5`, `the text 'hot'`, `a list`. */
export function described(value: Value | undefined): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'boolean') return `the boolean ${value}`
  if (typeof value === 'string') return `the text '${shown(value)}'`
  if (typeof value === 'number' || typeof value === 'bigint') return `the number ${value}`
  if (value instanceof Float) return `the number ${floatText(value)}`
  return Array.isArray(value) ? 'a list' : 'a mapping'
}

function floatText({ value }: Float): string {
  if (Number.isNaN(value)) return '.nan'
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf'
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? value.toFixed(1) : String(value)
}
