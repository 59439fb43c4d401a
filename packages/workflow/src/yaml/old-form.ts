import { described } from '../diagnostics/shown.ts'
import type { Value } from '../value/value.ts'

/** Whether readers of YAML 1.1 and 1.2 take a text for the same. */
export function describedAlike(old: Value, value: Value): boolean {
  return old === value || described(old) === described(value)
}
