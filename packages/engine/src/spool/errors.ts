import { AgentloomError } from '@agentloom/workflow'

export type SpoolProblem = 'full' | 'io' | 'closed'

/** The worker can't write down what its steps come to: it takes no new ones until it can. */
export class SpoolError extends AgentloomError {
  override readonly name = 'SpoolError'
  readonly code: `spool/${SpoolProblem}`
  readonly retryable = true
  override readonly place: string
  override readonly help: string
  constructor(problem: SpoolProblem, place: string, message: string, help: string) {
    super(message)
    this.code = `spool/${problem}`
    this.place = place
    this.help = help
  }
}
