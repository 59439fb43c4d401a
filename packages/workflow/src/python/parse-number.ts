import { INT_DIGITS_MAX } from '../value/codec.ts'
import { PythonError } from './error.ts'
import { stripSpace } from './space.ts'

/**
 * Python's `int(text, base)`: blanks around, a sign, underscores between digits, decimal digits of every script.
 * @param base 2 to 36, or 0 to take it from the prefix
 * @returns null where the text is no int
 * @throws {PythonError} `limit` beyond 4,300 digits: reading them takes time in their square
 */
export function parseInteger(text: string, base = 10): bigint | null {
  const match = /^([-+]?)(0[xob](?=_?[0-9a-z]))?_?((?<!^_)[0-9a-z]+(?:_[0-9a-z]+)*)$/.exec(
    asciiDigits(stripSpace(text)).toLowerCase(),
  )
  if (match === null) return null
  const [, sign = '', prefix = '', grouped = ''] = match
  const radix = base === 0 ? (PREFIX_BASES.get(prefix) ?? 10) : base
  const hasPrefix = prefix !== '' && PREFIX_BASES.get(prefix) === radix
  // In base 16 the text 0b1 has no prefix, only digits.
  const digits = ((hasPrefix ? '' : prefix) + grouped).replaceAll('_', '')
  if (base === 0 && !hasPrefix && /^0+[1-9]/.test(digits)) return null
  if (digits.length > INT_DIGITS_MAX) throw new PythonError(`an int of more than ${INT_DIGITS_MAX} digits`, 'limit')
  const value = readDigits(digits, radix)
  return value !== null && sign === '-' ? -value : value
}

const PREFIX_BASES: ReadonlyMap<string, number> = new Map([
  ['0x', 16],
  ['0o', 8],
  ['0b', 2],
])

function readDigits(digits: string, radix: number): bigint | null {
  let value = 0n
  for (const digit of digits) {
    const number = Number.parseInt(digit, 36)
    if (number >= radix) return null
    if (radix !== 10) value = value * BigInt(radix) + BigInt(number)
  }
  return radix === 10 ? BigInt(digits) : value
}

const FLOAT = /^[-+]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[-+]?\d+(?:_\d+)*)?$/i

/** Python's `float(text)`; null where the text is no float. */
export function parseFloatText(text: string): number | null {
  const plain = asciiDigits(stripSpace(text))
  const named = /^([-+]?)(nan|inf|infinity)$/i.exec(plain)
  if (named !== null)
    return (named[2] ?? '').toLowerCase() === 'nan' ? Number.NaN : named[1] === '-' ? -Infinity : Infinity
  return FLOAT.test(plain) ? Number(plain.replaceAll('_', '')) : null
}

/** Decimal digits of other scripts (`٣`) become ASCII. */
function asciiDigits(text: string): string {
  return /[^\0-\x7f]/.test(text)
    ? text.replaceAll(/(?![0-9])\p{Nd}/gu, (digit) => String(digitValue(digit.codePointAt(0) ?? 0)))
    : text
}

/** Unicode keeps the ten digits of a script together, and sets of digits side by side only in whole tens. */
export function digitValue(code: number): number {
  let first = code
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first--
  return (code - first) % 10
}
