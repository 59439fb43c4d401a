import type { Expression } from './expression.ts'
export function parseExpression(text: string): Expression {
  throw new Error(`being written: ${text}`)
}
