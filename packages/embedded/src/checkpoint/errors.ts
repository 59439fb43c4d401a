import { AgentloomError } from '@agentloom/workflow'

/** The run lives in Redis, and only its copy is kept here: going on with it would execute it twice. */
export class RunInRedisError extends AgentloomError {
  override readonly name = 'RunInRedisError'
  readonly code = 'run/in-redis'
  readonly retryable = false
  override readonly place: string
  override readonly help =
    'name its Redis: --redis URL or AGENTLOOM_REDIS_URL; to go on with it here although it is gone there: agentloom export, then import'
  constructor(runId: string) {
    super(`run ${runId} lives in Redis; here is only its checkpoint`)
    this.place = `run ${runId}`
  }
}

/** A checkpoint file is not what was written, or cannot be read. The others are not touched by it. */
export class CheckpointCorruptError extends AgentloomError {
  override readonly name = 'CheckpointCorruptError'
  readonly code = 'checkpoint/corrupt'
  readonly retryable = false
  override readonly place: string
  override readonly help = 'move the file away; the run may still be in the journal'
  constructor(file: string, what: string) {
    super(`the checkpoint ${file} cannot be read: ${what}`)
    this.place = file
  }
}
