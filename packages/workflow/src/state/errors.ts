import { AgentloomError } from '../errors.ts'

/** The text is no state path. */
export class StatePathError extends AgentloomError {
  override readonly name = 'StatePathError'
  readonly code = 'state/path'
  readonly retryable = false
}

/** A path that cannot be written in this state. Never shows a value: it may be a secret. */
export class StateWriteError extends AgentloomError {
  override readonly name = 'StateWriteError'
  readonly code = 'state/write'
  readonly retryable = false
  /** The path as written. */
  override readonly place: string

  constructor(path: string, message: string) {
    super(message)
    this.place = path
  }
}
