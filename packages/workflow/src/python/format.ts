import { Float } from '../value/value.ts'
import { codePointLength, codePointSlice } from './code-points.ts'
import { PythonError } from './error.ts'
import { formatFloat } from './format-float.ts'
import { formatInt } from './format-int.ts'
import { parseFormatSpec, unknownType } from './format-spec.ts'
import { asFloat, isFloat, isNumeric } from './number.ts'
import { typeName, type Py } from './objects.ts'
import { pad } from './pad.ts'
import { str } from './text.ts'

/**
 * Python's `format(value, spec)`.
 * @param lengthMax UTF-16 units of the result
 * @throws {PythonError}
 */
export function format(value: Py, spec: string, lengthMax = Infinity): string {
  if (spec === '') return str(value, lengthMax)
  if (typeof value === 'string') return formatText(value, spec)
  if (!isNumeric(value)) throw new PythonError(`unsupported format string passed to ${typeName(value)}.__format__`)
  const name = typeName(value)
  const parsed = parseFormatSpec(spec, name)
  if (isFloat(value)) return formatFloat(value instanceof Float ? value.value : value, parsed)
  // A boolean with a specification is an int to Python.
  const plain = typeof value === 'boolean' ? Number(value) : value
  const { type } = parsed
  if (type !== '' && 'eEfFgG%'.includes(type)) return formatFloat(asFloat(plain), parsed)
  return formatInt(plain, parsed, name)
}

function formatText(text: string, spec: string): string {
  const parsed = parseFormatSpec(spec, 'str')
  if (parsed.type !== '' && parsed.type !== 's') throw unknownType(parsed.type, 'str')
  if (parsed.sign !== null)
    throw new PythonError(`${parsed.sign === ' ' ? 'Space' : 'Sign'} not allowed in string format specifier`)
  if (parsed.hasZ) throw new PythonError('Negative zero coercion (z) not allowed in string format specifier')
  if (parsed.isAlternate) throw new PythonError('Alternate form (#) not allowed in string format specifier')
  if (parsed.align === '=') throw new PythonError("'=' alignment not allowed in string format specifier")
  const { precision } = parsed
  const cut = precision !== null && codePointLength(text) > precision ? codePointSlice(text, 0, precision) : text
  return pad(cut, { fill: parsed.fill, align: parsed.align ?? '<', width: parsed.width })
}
