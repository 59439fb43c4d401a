import type { Value } from '../value/value.ts'
export function repr(value: Value): string {
  throw new Error(`being written: ${typeof value}`)
}
export function str(value: Value): string {
  throw new Error(`being written: ${typeof value}`)
}
