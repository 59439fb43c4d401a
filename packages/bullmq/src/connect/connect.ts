import { Redis } from 'ioredis'
import { checkServer, type ServerWishes } from './check-server.ts'
import { RedisConnectError, RedisUnreachableError, RedisUrlError } from './errors.ts'
import { DEFAULT_PREFIX, isPrefix, keysOf, type Keys } from '../keys.ts'
import { parseRedisUrl, type RedisTarget } from './url.ts'

export interface Connection {
  readonly redis: Redis
  readonly keys: Keys
  readonly target: RedisTarget
}

export interface ConnectOptions extends ServerWishes {
  readonly redis: string
  readonly prefix?: string | undefined
  /** Told of every failure of an established connection; it is restored by itself. */
  readonly onError?: (error: unknown) => void
}

/** A start must not hang on a server that accepts and says nothing. */
const CONNECT_MAX_MS = 5_000
const RECONNECT_MIN_MS = 50
const RECONNECT_MAX_MS = 2_000

/**
 * A connection that was established once and then never gives up: commands wait while Redis is away and are sent again
 * when their reply was lost, which every script expects.
 * @throws {RedisUrlError} {@link RedisUnreachableError} {@link RedisConnectError}
 */
export async function connect({
  redis: url,
  prefix = DEFAULT_PREFIX,
  allowEviction = false,
  onError,
}: ConnectOptions): Promise<Connection> {
  if (!isPrefix(prefix))
    throw new RedisUrlError(`the prefix ${JSON.stringify(prefix)} is none`, 'use 1 to 32 of A–Z, a–z, 0–9, _ and -')
  const target = parseRedisUrl(url)
  let wasReady = false
  let lastError: unknown = null
  const redis = new Redis({
    ...target.options,
    lazyConnect: true,
    connectTimeout: CONNECT_MAX_MS,
    maxRetriesPerRequest: null,
    replyMapping: 'legacy',
    retryStrategy: (times) =>
      wasReady ? Math.min(RECONNECT_MIN_MS * 2 ** Math.min(times, 10), RECONNECT_MAX_MS) : null,
    // A replica that was a primary until now: look again, then send again.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  })
  redis.on('error', (error: unknown) => {
    lastError = error
    if (wasReady) onError?.(error)
  })
  try {
    await withDeadline(
      redis.connect().then(() => checkServer(redis, target.address, { allowEviction })),
      target.address,
    )
  } catch (error) {
    redis.disconnect()
    throw asConnectError(error, lastError, target)
  }
  wasReady = true
  return { redis, keys: keysOf(prefix), target }
}

async function withDeadline(work: Promise<void>, address: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new RedisUnreachableError(address, `no answer within ${CONNECT_MAX_MS / 1000} s`)),
      CONNECT_MAX_MS,
    )
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function asConnectError(error: unknown, lastError: unknown, { address, options }: RedisTarget): unknown {
  if (error instanceof RedisConnectError || error instanceof RedisUnreachableError) return error
  const messages = [lastError, error].map((one) => (one instanceof Error ? one.message : ''))
  const said = (pattern: RegExp): string | undefined => messages.find((message) => pattern.test(message))
  const auth = said(/NOAUTH|WRONGPASS|invalid password|without any password/i)
  if (auth !== undefined)
    return new RedisConnectError(
      'redis/auth',
      address,
      auth,
      'correct user and password in the URL: redis://user:password@host',
    )
  const database = said(/DB index/i)
  if (database !== undefined)
    return new RedisConnectError('redis/config', address, database, 'name a database that the server has, or none')
  const denied = said(/NOPERM/)
  if (denied !== undefined)
    return new RedisConnectError(
      'redis/denied',
      address,
      denied,
      'allow this user all commands but the dangerous ones, on the keys of the prefix',
    )
  const tls = said(/certificate|SSL|TLS|wrong version number/i)
  if (tls !== undefined && options.tls !== undefined)
    return new RedisConnectError(
      'redis/tls',
      address,
      tls,
      'use redis:// for a plain port, or a certificate that fits the host',
    )
  const protocol = said(/Protocol error/i)
  if (protocol !== undefined)
    return new RedisConnectError(
      'redis/not-redis',
      address,
      'what answers there does not speak its protocol',
      'correct host and port',
    )
  const reason = lastError instanceof Error ? lastError : error
  return new RedisUnreachableError(address, reason instanceof Error ? reason.message : String(reason))
}
