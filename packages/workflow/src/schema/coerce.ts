import { z } from 'zod'
import { Float, isMapping, type Value, type ValueMap } from '../value/value.ts'

// Numbers and booleans are taken leniently, as users of the Python engine write them (workflow-format.md §1.1); text is text.

const NUMERIC = /^\s*[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?\s*$/
const TRUE = /^(?:true|t|yes|y|on|1)$/i
const FALSE = /^(?:false|f|no|n|off|0)$/i

function lenientNumber(value: unknown): unknown {
  if (typeof value === 'number') return value + 0
  if (value instanceof Float) return value.value + 0
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string' && NUMERIC.test(value)) return Number(value) + 0
  return value
}

function lenientBoolean(value: unknown): unknown {
  if (typeof value === 'string') return TRUE.test(value) ? true : FALSE.test(value) ? false : value
  const number = value instanceof Float ? value.value : value
  return number === 1 ? true : number === 0 ? false : value
}

export interface Range {
  readonly min?: number
  readonly max?: number
}

/** A finite number; text of a number and booleans are taken too. */
export function number({ min = -Number.MAX_VALUE, max = Number.MAX_VALUE }: Range = {}) {
  return z.preprocess(lenientNumber, z.number().min(min).max(max))
}

/** A whole number within 2^53; `2.0` and `"2"` are taken too. */
export function whole({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: Range = {}) {
  return z.preprocess(lenientNumber, z.int().min(min).max(max))
}

/** true or false; the words and numbers that mean them are taken too. */
export function flag() {
  return z.preprocess(lenientBoolean, z.boolean())
}

/** Free data under text keys. */
export function freeMapping() {
  return z.custom<ValueMap>((value) => isMapping(value as Value), 'a mapping').meta({ type: 'object' })
}

/** Whatever stands there, null too. */
export function anyValue() {
  return z.custom<Value>((value) => value !== undefined, 'a value')
}

/** A list of anything, or a text that names one. */
export function listOrText() {
  return z
    .custom<string | readonly Value[]>((value) => typeof value === 'string' || Array.isArray(value), 'a list or text')
    .meta({ type: ['array', 'string'] })
}

/** An object of ours. A whole float is an object in memory and must not pass as an empty one. */
export function mapping<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.preprocess((value) => (value instanceof Float ? value.value : value), z.object(shape))
}
