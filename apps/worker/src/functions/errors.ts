import { AgentloomError } from '@agentloom/workflow'

/** A module of handlers cannot be used. */
export class FunctionModuleError extends AgentloomError {
  override readonly name = 'FunctionModuleError'
  readonly code: 'function/module' | 'function/none' | 'function/twice' | 'function/module-timeout'
  readonly retryable = false
  /** The module, as it was given. */
  override readonly place: string
  override readonly help: string
  constructor(
    code: FunctionModuleError['code'],
    message: string,
    at: { readonly file: string; readonly help: string; readonly cause?: unknown },
  ) {
    super(message, { cause: at.cause })
    this.code = code
    this.place = at.file
    this.help = at.help
  }
}
