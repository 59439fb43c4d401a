import { AgentloomError } from '@agentloom/workflow'

const WRITE =
  'write redis://[user:password@]host[:port][/database], redis+sentinel://host:port,…/NAME or redis+cluster://host:port,…; rediss for TLS'

/** The text that should be a Redis URL is none. The password is never shown. */
export class RedisUrlError extends AgentloomError {
  override readonly name = 'RedisUrlError'
  readonly code = 'config/redis-url'
  readonly retryable = false
  override readonly place = 'redis'
  override readonly help: string
  constructor(message: string, help = WRITE) {
    super(message)
    this.help = help
  }
}

/** No Redis answered in time. */
export class RedisUnreachableError extends AgentloomError {
  override readonly name = 'RedisUnreachableError'
  readonly code = 'redis/unreachable'
  readonly retryable = true
  override readonly place: string
  override readonly help = 'start Redis, or correct the URL (--redis, AGENTLOOM_REDIS_URL or REDIS_URL)'
  constructor(address: string, reason: string) {
    super(`no Redis at ${address}: ${reason}`)
    this.place = address
  }
}

export type RedisProblem =
  | 'redis/auth'
  | 'redis/tls'
  | 'redis/not-redis'
  | 'redis/config'
  | 'redis/denied'
  | 'redis/unsupported-version'
  | 'redis/eviction-policy'

/** A Redis answered, and cannot be used as it is. */
export class RedisConnectError extends AgentloomError {
  override readonly name = 'RedisConnectError'
  readonly code: RedisProblem
  readonly retryable = false
  override readonly place: string
  override readonly help: string
  constructor(code: RedisProblem, address: string, message: string, help: string) {
    super(`Redis at ${address}: ${message}`)
    this.code = code
    this.place = address
    this.help = help
  }
}

/** Redis has reached its memory limit: results are still recorded, new work is refused. */
export class RedisFullError extends AgentloomError {
  override readonly name = 'RedisFullError'
  readonly code = 'redis/full'
  readonly retryable = true
  override readonly help = 'raise maxmemory, or wait until ended runs leave Redis'
  constructor() {
    super('Redis is full: it takes nothing new')
  }
}

/** The client was closed while somebody waited. */
export class ClientClosedError extends AgentloomError {
  override readonly name = 'ClientClosedError'
  readonly code = 'redis/closed'
  readonly retryable = false
  constructor() {
    super('the connection was closed by its owner')
  }
}
