import { PythonError } from './error.ts'

/** Characters of padding; a prompt has no use for more, and half a gigabyte of blanks is one typing error away. */
export const WIDTH_MAX = 10_000
/** Digits; beyond the 17 that a float holds only its exact binary value is spelled out. */
export const PRECISION_MAX = 100
/** Characters of a specification: more than any real one needs, few enough to read at once. */
const SPEC_LENGTH_MAX = 200

/** `[[fill]align][sign][z][#][0][width][,|_][.precision][type]`, read. */
export interface FormatSpec {
  readonly fill: string
  readonly align: '<' | '>' | '^' | '=' | null
  readonly sign: '+' | '-' | ' ' | null
  readonly hasZ: boolean
  readonly isAlternate: boolean
  readonly width: number
  readonly grouping: ',' | '_' | null
  readonly precision: number | null
  readonly type: string
  /** A `0` before the width and no alignment: numbers are filled after their sign. */
  readonly isZeroPadded: boolean
}

const SPEC =
  /^(?:(?<fill>[^])(?=[<>=^]))?(?<align>[<>=^])?(?<sign>[-+ ])?(?<z>z)?(?<alternate>#)?(?<digits>\d*)(?<grouping>[,_]*)(?:(?<point>\.)(?<precision>\d*))?(?<rest>[^]*)$/u

/**
 * @param typeName of the value, for the message
 * @throws {PythonError} `limit` beyond WIDTH_MAX and PRECISION_MAX
 */
export function parseFormatSpec(text: string, typeName: string): FormatSpec {
  if (text.length > SPEC_LENGTH_MAX)
    throw new PythonError(`a format specification of more than ${SPEC_LENGTH_MAX} characters`, 'limit')
  const {
    fill,
    align,
    sign,
    z,
    alternate,
    digits = '',
    grouping = '',
    point,
    precision,
    rest = '',
  } = SPEC.exec(text)?.groups ?? {}
  const zero = fill === undefined && digits.startsWith('0')
  const width = bounded(digits, 'width', WIDTH_MAX)
  if (grouping.includes(',') && grouping.includes('_')) throw new PythonError("Cannot specify both ',' and '_'.")
  if (point !== undefined && precision === '') throw new PythonError('Format specifier missing precision')
  const type = Array.from(rest)
  if (type.length > 1 || grouping.length > 1)
    throw new PythonError(`Invalid format specifier '${text}' for object of type '${typeName}'`)
  const spec: FormatSpec = {
    fill: fill ?? (zero ? '0' : ' '),
    align: isAlign(align) ? align : null,
    sign: sign === '+' || sign === '-' || sign === ' ' ? sign : null,
    hasZ: z !== undefined,
    isAlternate: alternate !== undefined,
    width,
    grouping: grouping === ',' || grouping === '_' ? grouping : null,
    precision: precision === undefined ? null : bounded(precision, 'precision', PRECISION_MAX),
    type: type[0] ?? '',
    isZeroPadded: zero && align === undefined,
  }
  checkGrouping(spec, typeName)
  return spec
}

/** The message for a type letter that the value's type does not know. */
export function unknownType(type: string, typeName: string): PythonError {
  return new PythonError(`Unknown format code '${type}' for object of type '${typeName}'`)
}

function isAlign(text: string | undefined): text is '<' | '>' | '^' | '=' {
  return text === '<' || text === '>' || text === '^' || text === '='
}

function bounded(digits: string, what: string, max: number): number {
  const number = Number(digits)
  if (number > max) throw new PythonError(`a ${what} of more than ${max} in a format specification`, 'limit')
  return number
}

function checkGrouping({ grouping, type: given }: FormatSpec, typeName: string): void {
  const type = given === '' && typeName === 'str' ? 's' : given
  if (grouping === null || 'defgEFG%'.includes(type)) return
  if (grouping === '_' && 'boxX'.includes(type)) return
  throw new PythonError(`Cannot specify '${grouping}' with '${type}'.`)
}
