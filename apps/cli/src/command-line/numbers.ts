import { UsageError } from './usage-error.ts'
import { printable } from '../terminal/printable.ts'

/** Digits with at most one point: no sign, no exponent, no blanks, nothing that only a programmer calls a number. */
const PLAIN_DECIMAL = /^\d{1,15}(\.\d{1,12})?$/

/** @throws {UsageError} unless the text is a plain decimal of 0 or more */
export function plainDecimal(text: string, option: string): number {
  if (/^-\d/.test(text)) throw invalid(option, `'${printable(text)}' must be 0 or more.`)
  if (!PLAIN_DECIMAL.test(text)) throw invalid(option, `'${printable(text)}' is not a plain decimal such as 0.25.`)
  return Number(text)
}

/** @throws {UsageError} unless the text is a whole number within the range */
export function wholeNumber(text: string, option: string, { min, max }: { min: number; max: number }): number {
  if (!/^-?\d{1,15}$/.test(text)) throw invalid(option, `'${printable(text)}' is not a whole number.`)
  const number = Number(text)
  if (number < min || number > max) throw invalid(option, `'${printable(text)}' is not between ${min} and ${max}.`)
  return number
}

export function invalid(option: string, problem: string): UsageError {
  return new UsageError(`Invalid value for '${option}': ${problem}`)
}
