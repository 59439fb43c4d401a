import { Float, floatValue, intValue, type Value } from '../value/value.ts'

// YAML 1.2, core schema.
const NULL = /^(?:~|null|Null|NULL|)$/
const TRUE = /^(?:true|True|TRUE)$/
const FALSE = /^(?:false|False|FALSE)$/
const DECIMAL = /^[-+]?[0-9]+$/
const OCTAL = /^0o[0-7]+$/
const HEX = /^0x[0-9a-fA-F]+$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const INFINITY = /^[-+]?\.(?:inf|Inf|INF)$/
const NAN = /^\.(?:nan|NaN|NAN)$/

/** What a plain (unquoted) scalar means in YAML 1.2. Dates are text. */
export function coreScalar(text: string): Value {
  if (NULL.test(text)) return null
  // Most scalars are words: the first character tells them from numbers.
  if (!/^[-+.0-9tTfF]/.test(text)) return text
  if (TRUE.test(text)) return true
  if (FALSE.test(text)) return false
  if (DECIMAL.test(text) || OCTAL.test(text) || HEX.test(text)) return intOf(text)
  if (FLOAT.test(text)) return floatValue(Number(text))
  if (INFINITY.test(text)) return floatValue(text.startsWith('-') ? -Infinity : Infinity)
  if (NAN.test(text)) return floatValue(Number.NaN)
  return text
}

export const CORE_TAG = 'tag:yaml.org,2002:'

/** What a scalar with a tag of the core schema means, or undefined where tag and text do not fit or the tag is another. */
export function taggedScalar(tag: string, text: string): Value | undefined {
  if (tag === '!' || tag === `${CORE_TAG}str`) return text
  const value = coreScalar(text)
  const isInt = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))
  if (tag === `${CORE_TAG}null`) return value === null ? null : undefined
  if (tag === `${CORE_TAG}bool`) return typeof value === 'boolean' ? value : undefined
  if (tag === `${CORE_TAG}int`) return isInt ? value : undefined
  if (tag !== `${CORE_TAG}float`) return undefined
  if (isInt) return floatValue(Number(value))
  return typeof value === 'number' || value instanceof Float ? value : undefined
}

/** Exact at any size; BigInt takes no sign before a prefix and no plus. */
export function intOf(text: string): number | bigint {
  const isNegative = text.startsWith('-')
  const digits = BigInt(text.replace(/^[-+]/, ''))
  return intValue(isNegative ? -digits : digits)
}
