import { checkServer, type ServerWishes } from './check-server.ts'
import { RedisConnectError, RedisFullError, RedisUnreachableError, RedisUrlError } from './errors.ts'
import { DEFAULT_PREFIX, fleetKeysOf, isPrefix, keysOf, type FleetKeys, type Keys } from '../keys.ts'
import { ShardCountError } from '../shards/errors.ts'
import { fixShardCount, readShardCount } from '../shards/shard-count.ts'
import type { RedisLink } from './link.ts'
import { CONNECT_MAX_MS, openLink } from './open-link.ts'
import { parseRedisUrl, type RedisTarget } from './url.ts'

export interface Connection {
  readonly redis: RedisLink
  /** Keys of all shards, in their order. */
  readonly shards: readonly Keys[]
  readonly fleet: FleetKeys
  readonly target: RedisTarget
}

export interface ConnectOptions extends ServerWishes {
  readonly redis: string
  readonly prefix?: string | undefined
  /** Number of shards; default: what is kept in Redis, else 1. */
  readonly shards?: number | undefined
  /** Keeps the number of shards in Redis if none is there: who starts runs must, who only looks must not. */
  readonly fixesShards?: boolean
  /** Told of every failure of an established connection; it is restored by itself. */
  readonly onError?: (error: unknown) => void
}

/**
 * A connection that was established once and then never gives up: commands wait while Redis is away and are sent again
 * when their reply was lost, which every script expects.
 * @throws {RedisUrlError} {@link RedisUnreachableError} {@link RedisConnectError} {@link RedisFullError} {@link ShardCountError}
 */
export async function connect({
  redis: url,
  prefix = DEFAULT_PREFIX,
  shards,
  fixesShards = false,
  allowEviction = false,
  onError,
}: ConnectOptions): Promise<Connection> {
  if (!isPrefix(prefix))
    throw new RedisUrlError(`the prefix ${JSON.stringify(prefix)} is none`, 'use 1 to 32 of A–Z, a–z, 0–9, _ and -')
  const target = parseRedisUrl(url)
  const fleet = fleetKeysOf(prefix)
  let wasReady = false
  let lastError: unknown = null
  const redis = openLink(target, () => wasReady)
  redis.on('error', (error: unknown) => {
    lastError = error
    if (wasReady) onError?.(error)
  })
  const open = async (): Promise<number> => {
    await redis.connect()
    await checkServer(redis, target, { allowEviction })
    return (fixesShards ? fixShardCount : readShardCount)({ redis, key: fleet.shards, wanted: shards ?? null })
  }
  try {
    const count = await withDeadline(open(), target.address)
    wasReady = true
    return { redis, shards: Array.from({ length: count }, (_, shard) => keysOf(prefix, shard)), fleet, target }
  } catch (error) {
    redis.disconnect()
    throw asConnectError(error, lastError, target)
  }
}

async function withDeadline<Result>(work: Promise<Result>, address: string): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new RedisUnreachableError(address, `no answer within ${CONNECT_MAX_MS / 1000} s`)),
      CONNECT_MAX_MS,
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const OWN_ERRORS = [RedisConnectError, RedisFullError, RedisUnreachableError, ShardCountError]

function asConnectError(error: unknown, lastError: unknown, { address, options }: RedisTarget): unknown {
  if (OWN_ERRORS.some((own) => error instanceof own)) return error
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
