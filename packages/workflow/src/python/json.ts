import type { Value } from '../value/value.ts'
export function pythonJson(value: Value): string {
  throw new Error(`being written: ${typeof value}`)
}
