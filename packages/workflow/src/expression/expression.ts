import type { Compat } from '../compat/compat.ts'
import type { Reference } from '../state/reference.ts'
import type { Node } from './syntax.ts'

/** How expressions are read and evaluated. */
export type ExpressionRules = Pick<Compat, 'containersEqualNothing' | 'refusesNegativeIndex' | 'readsStrayLiterals'>

/** An expression that was read: plain data, evaluated many times. */
export interface Expression {
  readonly text: string
  readonly references: readonly Reference[]
  /** What is legal and surely not meant, such as a name that does not exist; `validate` shows them. */
  readonly warnings: readonly ExpressionWarning[]
  readonly root: Node
  readonly rules: ExpressionRules
}

export interface ExpressionWarning {
  readonly message: string
  readonly help: string | null
  /** 0-based, in UTF-16 units of the expression's text. */
  readonly offset: number
}
