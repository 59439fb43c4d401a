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
  return error instanceof Error ? (typed(error.message) ?? error) : error
}

/** Our error for what one command of a script met. */
export function redisErrorOf(message: string): Error {
  return typed(message) ?? new Error(`Redis: ${message}`)
}

function typed(message: string): AgentloomError | null {
  if (/^-?OOM /.test(message)) return new RedisFullError()
  if (/^-?WRONGTYPE/.test(message)) return new RedisDataError('redis/wrong-type', message)
  const corrupt = /^CORRUPT (.*)/s.exec(message)?.[1]
  return corrupt === undefined ? null : new RedisDataError('journal/corrupt', `nonsense in Redis: ${corrupt}`)
}
