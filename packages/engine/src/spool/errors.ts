import { AgentloomError } from '@agentloom/workflow'

export type SpoolErrorCode = 'spool/full' | 'spool/io' | 'spool/closed'

/** The worker can't write down what its steps come to: it takes no new ones until it can. */
export class SpoolError extends AgentloomError {
  override readonly name = 'SpoolError'
  readonly code: SpoolErrorCode
  readonly retryable = true
  override readonly place: string
  override readonly help: string
  constructor(code: SpoolErrorCode, place: string, message: string, help: string) {
    super(message)
    this.code = code
    this.place = place
    this.help = help
  }
}
