import { AgentloomError } from '@agentloom/workflow'

/** The run rests in the checkpoints of a place that does not answer. */
export class RunAwayError extends AgentloomError {
  override readonly name = 'RunAwayError'
  readonly code = 'run/away'
  readonly retryable = true
  override readonly place: string
  override readonly help = 'start a worker there, or give this command its AGENTLOOM_HOME'
  constructor(runId: string, home: string) {
    super(`run ${runId} has left Redis for the checkpoints in ${home}, and no worker there brings it back`)
    this.place = `run ${runId}`
  }
}
