import { INT_DIGITS_MAX } from '../value/codec.ts'
import { Float, floatValue, intValue } from '../value/value.ts'
import { PythonError } from './error.ts'
import type { Py } from './objects.ts'

export type Numeric = number | bigint | boolean | Float

export function isNumeric(value: Py): value is Numeric {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' || value instanceof Float
}

export function isFloat(value: Numeric): value is number | Float {
  return value instanceof Float || (typeof value === 'number' && !Number.isInteger(value))
}

/** A JS number or bigint of the same mathematical value; JS compares the two exactly. */
export function magnitude(value: Numeric): number | bigint {
  if (typeof value === 'boolean') return value ? 1 : 0
  return value instanceof Float ? value.value : value
}

/** @throws {PythonError} for an int beyond the floats */
export function asFloat(value: Numeric): number {
  const plain = Number(magnitude(value))
  if (typeof value === 'bigint' && !Number.isFinite(plain)) throw new PythonError('int too large to convert to float')
  return plain
}

export function add(left: Numeric, right: Numeric): Numeric {
  const a = magnitude(left)
  const b = magnitude(right)
  if (isFloat(left) || isFloat(right)) return floatValue(asFloat(left) + asFloat(right))
  if (typeof a === 'number' && typeof b === 'number' && Number.isSafeInteger(a + b)) return a + b
  return intValue(BigInt(a) + BigInt(b))
}

export function negate(value: Numeric): Numeric {
  if (isFloat(value)) return floatValue(-asFloat(value))
  const plain = magnitude(value)
  return typeof plain === 'bigint' ? intValue(-plain) : 0 - plain
}

export function subtract(left: Numeric, right: Numeric): Numeric {
  // Not left + (-right): 0.0 - 0.0 is 0.0 in both, but -0.0 - 0 must stay -0.0.
  if (isFloat(left) || isFloat(right)) return floatValue(asFloat(left) - asFloat(right))
  return add(left, negate(right))
}

export function absolute(value: Numeric): Numeric {
  if (isFloat(value)) return floatValue(Math.abs(asFloat(value)))
  const plain = magnitude(value)
  return plain < 0 ? negate(plain) : plain
}

/** @throws {PythonError} beyond `INT_DIGITS_MAX` digits */
export function intText(value: number | bigint): string {
  const text = String(value)
  if (text.length > INT_DIGITS_MAX + 1)
    throw new PythonError(`an int of more than ${INT_DIGITS_MAX} digits cannot be written`, 'limit')
  return text
}
