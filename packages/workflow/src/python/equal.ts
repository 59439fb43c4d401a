import type { Value } from '../value/value.ts'
export function isTruthy(value: Value): boolean {
  throw new Error(`being written: ${typeof value}`)
}
export function valuesEqual(left: Value, right: Value): boolean {
  throw new Error(`being written: ${typeof left} ${typeof right}`)
}
