import { AgentloomError } from '@agentloom/workflow'

/** The number of shards can't be what is asked for. */
export class ShardCountError extends AgentloomError {
  override readonly name = 'ShardCountError'
  readonly code = 'config/shards'
  readonly retryable = false
  override readonly place = 'shards'
  override readonly help: string
  constructor(message: string, help: string) {
    super(message)
    this.help = help
  }
}
