import { AgentloomError } from '@agentloom/workflow'

/** A process that lives has the run. */
export class RunActiveError extends AgentloomError {
  override readonly name = 'RunActiveError'
  readonly code = 'run/active'
  readonly retryable = true
  override readonly place: string
  override readonly help = 'wait for it, or stop it with `agentloom pause` or `agentloom cancel`'
  readonly pid: number
  readonly host: string
  constructor(runId: string, owner: { readonly pid: number; readonly host: string }) {
    super(`run ${runId} is being executed by process ${owner.pid} on ${owner.host}`)
    this.place = `run ${runId}`
    this.pid = owner.pid
    this.host = owner.host
  }
}

/** A cancelled run has ended for good. */
export class RunCancelledError extends AgentloomError {
  override readonly name = 'RunCancelledError'
  readonly code = 'run/cancelled'
  readonly retryable = false
  override readonly place: string
  override readonly help = 'start it again as a new run'
  constructor(runId: string) {
    super(`run ${runId} was cancelled and cannot be resumed`)
    this.place = `run ${runId}`
  }
}

/** Steps name functions that this process does not have. */
export class NoHandlerError extends AgentloomError {
  override readonly name = 'NoHandlerError'
  readonly code = 'run/no-handler'
  readonly retryable = false
  override readonly place: string
  override readonly help = 'give the module that defines it with --functions'
  constructor(stepId: string, handler: string) {
    super(`step ${stepId} calls the function ${handler}, which nothing here defines`)
    this.place = `steps.${stepId}.handler`
  }
}
