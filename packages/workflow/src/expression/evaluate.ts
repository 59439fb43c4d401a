import { isTruthy } from '../python/equal.ts'
import type { Py } from '../python/objects.ts'
import type { ValueMap } from '../value/value.ts'
import { compile, type Evaluate } from './compile.ts'
import type { Expression } from './expression.ts'
import { Scope } from './scope.ts'

/** Closures of expressions, which themselves are plain data. */
const compiled = new WeakMap<Expression, Evaluate>()

/**
 * Whether an expression is true over a state.
 * @throws {ExpressionError} `expression/evaluation`; `expression/limit` for too many steps or too long a text
 */
export function evaluateCondition(expression: Expression, state: ValueMap): boolean {
  return isTruthy(evaluate(expression, state))
}

/** The value itself, as an expression sees it. */
export function evaluate(expression: Expression, state: ValueMap): Py {
  let run = compiled.get(expression)
  if (run === undefined) {
    run = compile(expression.root)
    compiled.set(expression, run)
  }
  return run(new Scope(state, expression.rules))
}
