import { PythonError } from '../python/error.ts'
import type { Bounds } from '../python/text-methods.ts'
import type { ExpressionRules } from './expression.ts'
import type { ValueMap } from '../value/value.ts'

/** Comparisons, elements looked at, pieces made: a tenth of a second at most, and no condition needs more. */
export const STEPS_MAX = 100_000
/** UTF-16 units of a text that an expression makes. */
export const TEXT_LENGTH_MAX = 1_000_000

/** One evaluation: the state that it reads and what it may still spend. */
export class Scope implements Bounds {
  readonly state: ValueMap
  readonly rules: ExpressionRules
  #stepsLeft = STEPS_MAX

  constructor(state: ValueMap, rules: ExpressionRules) {
    this.state = state
    this.rules = rules
  }

  spend(steps: number): void {
    this.#stepsLeft -= steps
    if (this.#stepsLeft < 0) throw new PythonError(`the expression takes more than ${STEPS_MAX} steps`, 'limit')
  }

  checkLength(units: number): void {
    if (units > TEXT_LENGTH_MAX)
      throw new PythonError(`the expression makes a text of more than ${TEXT_LENGTH_MAX} characters`, 'limit')
  }
}
