import { AgentloomError } from '@agentloom/workflow'

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
