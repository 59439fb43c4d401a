import { AgentloomError } from '../errors.ts'

/** An expression that cannot be read (syntax, forbidden, limit) or that failed over this state (evaluation, limit). */
export class ExpressionError extends AgentloomError {
  override readonly name = 'ExpressionError'
  readonly code: 'expression/syntax' | 'expression/forbidden' | 'expression/limit' | 'expression/evaluation'
  readonly retryable = false
  /** 0-based, in UTF-16 units of the expression's text. */
  readonly offset: number
  override readonly place: string
  override readonly help: string | null

  constructor(code: ExpressionError['code'], message: string, at: { offset: number; help?: string | null }) {
    super(message)
    this.code = code
    this.offset = at.offset
    this.place = `character ${at.offset + 1}`
    this.help = at.help ?? null
  }
}
