import { exponentText, fixedDigits, floatRepr, significantDigits } from './float-text.ts'
import { layOutNumber } from './format-number.ts'
import { unknownType, type FormatSpec } from './format-spec.ts'

/** What a float format with no precision of its own shows. */
const PRECISION_DEFAULT = 6

export function formatFloat(value: number, spec: FormatSpec): string {
  if (spec.type !== '' && !'eEfFgGn%'.includes(spec.type)) throw unknownType(spec.type, 'float')
  const scaled = spec.type === '%' ? value * 100 : value
  const text = unsignedText(Math.abs(scaled), spec) + (spec.type === '%' ? '%' : '')
  const isUpper = spec.type === 'E' || spec.type === 'F' || spec.type === 'G'
  const [whole = ''] = /^\d*/.exec(text) ?? []
  const isZero = spec.hasZ && !/[1-9]/.test(text.split('e')[0] ?? '') && Number.isFinite(scaled)
  return layOutNumber(
    {
      isNegative: !isZero && (scaled < 0 || Object.is(scaled, -0)),
      prefix: '',
      whole,
      rest: isUpper ? text.slice(whole.length).toUpperCase() : text.slice(whole.length),
    },
    spec,
  )
}

function unsignedText(value: number, { type, precision, isAlternate }: FormatSpec): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : 'inf'
  switch (type) {
    case 'f':
    case 'F':
    case '%': {
      const places = precision ?? PRECISION_DEFAULT
      return fixedDigits(value, places) + (isAlternate && places === 0 ? '.' : '')
    }
    case 'e':
    case 'E': {
      const { digits, exponent } = significantDigits(value, (precision ?? PRECISION_DEFAULT) + 1)
      return mantissa(digits, isAlternate) + exponentText(exponent)
    }
    case '':
      return precision === null
        ? alternateRepr(value, isAlternate)
        : general(value, { precision, isAlternate, withPoint: true })
    default:
      return general(value, { precision: precision ?? PRECISION_DEFAULT, isAlternate, withPoint: false })
  }
}

function general(value: number, options: { precision: number; isAlternate: boolean; withPoint: boolean }): string {
  const precision = Math.max(1, options.precision)
  const { digits, exponent } = significantDigits(value, precision)
  // Without a type letter at least one digit stands behind the point, which leaves one fewer before it.
  if (exponent < -4 || exponent >= precision - (options.withPoint ? 1 : 0)) {
    return mantissa(options.isAlternate ? digits : trimZeros(digits), options.isAlternate) + exponentText(exponent)
  }
  const whole = exponent < 0 ? '0' : digits.slice(0, exponent + 1)
  const fraction = exponent < 0 ? '0'.repeat(-exponent - 1) + digits : digits.slice(exponent + 1)
  const shown = options.isAlternate ? fraction : fraction.replace(/0+$/, '')
  if (shown !== '') return `${whole}.${shown}`
  if (options.withPoint) return `${whole}.0`
  return options.isAlternate ? `${whole}.` : whole
}

function alternateRepr(value: number, isAlternate: boolean): string {
  const text = floatRepr(value)
  return isAlternate && !text.includes('.') ? text.replace('e', '.e') : text
}

function mantissa(digits: string, isAlternate: boolean): string {
  const fraction = digits.slice(1)
  return digits.charAt(0) + (fraction !== '' || isAlternate ? `.${fraction}` : '')
}

function trimZeros(digits: string): string {
  return digits.charAt(0) + digits.slice(1).replace(/0+$/, '')
}
