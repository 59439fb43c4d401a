import { AgentloomError } from '../errors.ts'

/** A workflow that the builder cannot say. Thrown where it is defined. */
export class BuilderError extends AgentloomError {
  override readonly name = 'BuilderError'
  readonly code = 'workflow/builder'
  readonly retryable = false
  /** The step, or null. */
  override readonly place: string | null
  override readonly help: string | null

  constructor(message: string, at: { readonly step?: string | null; readonly help?: string } = {}) {
    super(message)
    this.place = at.step ?? null
    this.help = at.help ?? null
  }
}
