import { AgentloomError } from '@agentloom/workflow'

/** The run id stands for a run with other content. */
export class RunIdConflictError extends AgentloomError {
  override readonly name = 'RunIdConflictError'
  readonly code = 'run/id-conflict'
  readonly retryable = false
  override readonly place: string
  override readonly help = 'choose another id, or leave it out; the same id is for the same workflow and input only'
  constructor(runId: string) {
    super(`run ${runId} exists already, with another workflow or input`)
    this.place = `run ${runId}`
  }
}

/** A journal holds something that its own rules exclude. Nothing is guessed or skipped over. */
export class CorruptJournalError extends AgentloomError {
  override readonly name = 'CorruptJournalError'
  readonly code = 'journal/corrupt'
  readonly retryable = false
  override readonly place: string
  constructor(runId: string, what: string) {
    super(`the journal of run ${runId} is corrupt: ${what}`)
    this.place = `run ${runId}`
  }
}

/** The run's records are of a format that this version does not know. */
export class NewerFormatError extends AgentloomError {
  override readonly name = 'NewerFormatError'
  readonly code = 'journal/newer-format'
  readonly retryable = true
  override readonly place: string
  override readonly help = 'update this worker; the run waits for one that knows the format'
  constructor(runId: string, found: number, known: number) {
    super(`run ${runId} has format ${found}, this version knows up to ${known}`)
    this.place = `run ${runId}`
  }
}

/** No such run, or it is no longer kept. */
export class RunNotFoundError extends AgentloomError {
  override readonly name = 'RunNotFoundError'
  readonly code = 'run/not-found'
  readonly retryable = false
  override readonly place: string
  override readonly help = 'see which there are with: agentloom runs (ended runs leave Redis after their retention)'
  constructor(runId: string) {
    super(`there is no run ${runId}`)
    this.place = `run ${runId}`
  }
}
