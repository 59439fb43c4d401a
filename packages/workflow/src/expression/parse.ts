import { NO_COMPAT } from '../compat/compat.ts'
import type { Expression, ExpressionRules } from './expression.ts'
import { syntaxError, tokenize } from './lexer.ts'
import { readCondition } from './grammar.ts'
import { limitError, Reader } from './reader.ts'
import { expressionReferences } from './references.ts'
import { expressionWarnings } from './warnings.ts'

/** UTF-16 units; what does not fit belongs into a function. */
export const LENGTH_MAX = 4_096

/**
 * Reads an expression: one line of a closed language, in Python's syntax.
 * @throws {ExpressionError} `expression/syntax`, `expression/forbidden`, `expression/limit`
 */
export function parseExpression(text: string, rules: ExpressionRules = NO_COMPAT): Expression {
  if (text.length > LENGTH_MAX)
    throw limitError(`an expression has at most ${LENGTH_MAX} characters, this has ${text.length}`, LENGTH_MAX)
  const reader = new Reader(tokenize(text, rules), rules)
  if (reader.isAtEnd) throw syntaxError('the expression is empty', 0)
  const root = readCondition(reader)
  reader.expectEnd()
  return { text, references: expressionReferences(root), warnings: expressionWarnings(root), root, rules }
}
