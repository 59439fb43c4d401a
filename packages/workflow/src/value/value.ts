import './json-source.ts'

/**
 * A JSON value with Python's int and float kept apart.
 *
 * In memory an int is a JS number without fraction, beyond 2^53 a bigint; a float with a fraction is a JS number, a whole
 * float (`1.0`) is a {@link Float}. Handlers and tools get plain numbers instead, see `toPlain`. Never changed in place.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Float
  | readonly Value[]
  | { readonly [key: string]: Value }

export type ValueMap = { readonly [key: string]: Value }

/** A float that has no fraction: prints as `1.0` where the int 1 prints as `1`. Also nan and the infinities. */
export class Float {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }

  /** JSON text with a point; without a replacer, so that `JSON.stringify` keeps its fast path. */
  toJSON(): unknown {
    return JSON.rawJSON(wholeFloatText(this.value))
  }
}

/** The value of a float: itself where it has a fraction, a {@link Float} where it looks like an int. */
export function floatValue(value: number): number | Float {
  return Number.isFinite(value) && !Number.isInteger(value) ? value : new Float(value)
}

/** The value of an int of any size: a number within 2^53, a bigint beyond. */
export function intValue(value: bigint): number | bigint {
  const small = Number(value)
  return Number.isSafeInteger(small) ? small : value
}

export function isList(value: unknown): value is readonly Value[] {
  return Array.isArray(value)
}

export function isMapping(value: Value): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Float)
}

function wholeFloatText(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value)
  return /[.e]/.test(text) || !Number.isFinite(value) ? text : `${text}.0`
}
