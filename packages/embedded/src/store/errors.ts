import { AgentloomError } from '@agentloom/workflow'
import type { Refusal } from './messages.ts'

export type StoreErrorCode =
  | 'store/locked'
  | 'store/read-only'
  | 'store/full'
  | 'store/corrupt'
  | 'store/not-a-database'
  | 'store/newer-schema'
  | 'store/path'
  | 'store/io'
  | 'store/closed'

/** The file under a journal cannot be used as it should. `path` is the file or folder. */
export class StoreError extends AgentloomError {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode
  readonly retryable: boolean
  override readonly place: string
  override readonly help: string | null
  readonly path: string
  constructor(code: StoreErrorCode, path: string, message: string, help: string | null = null) {
    super(`${path}: ${message}`)
    this.code = code
    this.retryable = code === 'store/locked' || code === 'store/full'
    this.place = path
    this.path = path
    this.help = help
  }
}

/** A write was refused while others went through: the run is another process's by now (or, at START, exists). */
export class RefusedWriteError extends AgentloomError {
  override readonly name = 'RefusedWriteError'
  readonly code = 'run/taken'
  readonly retryable = false
  override readonly place: string
  override readonly help = 'another process goes on with it; see `agentloom show`'
  readonly refusal: Refusal
  constructor(runId: string, refusal: Refusal) {
    super(`run ${runId} is no longer this process's to write`)
    this.place = `run ${runId}`
    this.refusal = refusal
  }
}
