import type { ValueMap } from '../value/value.ts'
import type { Expression } from './expression.ts'
export function evaluateCondition(expression: Expression, state: ValueMap): boolean {
  throw new Error(`being written: ${expression.text} ${typeof state}`)
}
