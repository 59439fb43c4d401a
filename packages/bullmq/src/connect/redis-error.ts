import { AgentloomError } from '@agentloom/workflow'
import { RedisFullError } from './errors.ts'

/** A key of ours holds another kind of value than we put there, or a script met text that it did not write. */
export class RedisDataError extends AgentloomError {
  override readonly name = 'RedisDataError'
  readonly code: 'redis/wrong-type' | 'journal/corrupt'
  readonly retryable = true
  override readonly help = 'somebody else writes under this prefix, or data was damaged: look at the keys of the run'
  constructor(code: 'redis/wrong-type' | 'journal/corrupt', message: string) {
    super(message)
    this.code = code
  }
}

/** Our error for what Redis answered, or the same where it is a matter of the connection. */
export function redisError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { message } = error
  if (message.startsWith('OOM ')) return new RedisFullError()
  if (message.startsWith('WRONGTYPE')) return new RedisDataError('redis/wrong-type', message)
  if (message.startsWith('CORRUPT '))
    return new RedisDataError('journal/corrupt', `nonsense in Redis: ${message.slice('CORRUPT '.length)}`)
  return error
}
