import { Float, isList } from '../value/value.ts'
import { lookUp, mappingEntries, sizeOf } from './containers.ts'
import { isNumeric, magnitude } from './number.ts'
import { Opaque, plainMapping, PyList, type Py } from './objects.ts'

/** Counts elementary steps; throws when too many are spent. */
export interface Meter {
  spend(steps: number): void
}

const UNMETERED: Meter = { spend: () => undefined }

/** Python's truth: None, False, zero, and what is empty are false; nan is true. */
export function isTruthy(value: Py): boolean {
  if (typeof value === 'boolean') return value
  if (value === null) return false
  if (typeof value === 'string') return value !== ''
  if (typeof value === 'number') return value !== 0
  if (typeof value === 'bigint') return value !== 0n
  if (value instanceof Float) return value.value !== 0
  if (value instanceof Opaque) return value.isTrue
  const plain = plainMapping(value)
  if (plain === null) return sizeOf(value) !== 0
  for (const key in plain) if (Object.hasOwn(plain, key)) return true
  return false
}

/** Python's `==`, also deep: `1 == 1.0 == True`; text equals nothing but text, a tuple no list. */
export function valuesEqual(left: Py, right: Py, meter: Meter = UNMETERED): boolean {
  meter.spend(1)
  if (typeof left === 'string' || typeof right === 'string' || left === null || right === null) return left === right
  if (isNumeric(left)) return isNumeric(right) && sameMagnitude(magnitude(left), magnitude(right))
  if (isNumeric(right)) return false
  if (left instanceof Opaque) return left.equals(right)
  if (right instanceof Opaque) return right.equals(left)
  const items = sequenceItems(left)
  const others = sequenceItems(right)
  if (items === null && others === null) return mappingsEqual(left, right, meter)
  if (items === null || others === null || isTuple(left) !== isTuple(right) || items.length !== others.length)
    return false
  return items.every((item, index) => valuesEqual(item, others[index] ?? null, meter))
}

export function isTuple(value: Py): boolean {
  return value instanceof PyList && value.isTuple
}

/** Elements of a list or tuple, else null. */
export function sequenceItems(value: Py): readonly Py[] | null {
  if (isList(value)) return value
  return value instanceof PyList ? value.items : null
}

function sameMagnitude(left: number | bigint, right: number | bigint): boolean {
  // oxlint-disable-next-line eqeqeq -- between a number and a bigint it compares exact values, as Python does
  return typeof left === typeof right ? left === right : left == right
}

function mappingsEqual(left: Py, right: Py, meter: Meter): boolean {
  if (sizeOf(left) !== sizeOf(right)) return false
  for (const [key, item] of mappingEntries(left)) {
    const other = lookUp(right, key)
    if (other === undefined || !valuesEqual(item, other, meter)) return false
  }
  return true
}
