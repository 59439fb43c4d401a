import { PythonError } from './error.ts'
import { unknownType, type FormatSpec } from './format-spec.ts'
import { layOutNumber } from './format-number.ts'
import { intText } from './number.ts'

const BASES: ReadonlyMap<string, { readonly radix: number; readonly prefix: string }> = new Map([
  ['', { radix: 10, prefix: '' }],
  ['d', { radix: 10, prefix: '' }],
  // Locale-dependent in Python; ours is always the C locale.
  ['n', { radix: 10, prefix: '' }],
  ['b', { radix: 2, prefix: '0b' }],
  ['o', { radix: 8, prefix: '0o' }],
  ['x', { radix: 16, prefix: '0x' }],
  ['X', { radix: 16, prefix: '0X' }],
])

export function formatInt(value: number | bigint, spec: FormatSpec, typeName: string): string {
  if (spec.type === 'c') return formatCharacter(value, spec)
  const base = BASES.get(spec.type)
  if (base === undefined) throw unknownType(spec.type, typeName)
  if (spec.precision !== null) throw new PythonError('Precision not allowed in integer format specifier')
  if (spec.hasZ) throw new PythonError('Negative zero coercion (z) not allowed in integer format specifier')
  const size = value < 0 ? -value : value
  const digits = base.radix === 10 ? intText(size) : size.toString(base.radix)
  return layOutNumber(
    {
      isNegative: value < 0,
      prefix: spec.isAlternate ? base.prefix : '',
      whole: spec.type === 'X' ? digits.toUpperCase() : digits,
      rest: '',
    },
    spec,
  )
}

function formatCharacter(value: number | bigint, spec: FormatSpec): string {
  if (spec.precision !== null) throw new PythonError('Precision not allowed in integer format specifier')
  if (spec.hasZ) throw new PythonError('Negative zero coercion (z) not allowed in integer format specifier')
  if (spec.sign !== null) throw new PythonError("Sign not allowed with integer format specifier 'c'")
  if (spec.isAlternate) throw new PythonError("Alternate form (#) not allowed with integer format specifier 'c'")
  const code = Number(value)
  if (code < 0 || code > 0x10ffff) throw new PythonError('%c arg not in range(0x110000)')
  if (code >= 0xd800 && code < 0xe000) throw new PythonError('%c arg is half of a character')
  return layOutNumber({ isNegative: false, prefix: '', whole: '', rest: String.fromCodePoint(code) }, spec)
}
