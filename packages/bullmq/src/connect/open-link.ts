import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { RedisLink } from './link.ts'
import type { RedisTarget } from './url.ts'

/** A start must not hang on a server that accepts and says nothing. */
export const CONNECT_MAX_MS = 5_000
const RECONNECT_MIN_MS = 50
const RECONNECT_MAX_MS = 2_000
/** Of a Cluster's node that is away, or whose slots move: how long until a command is sent again. */
const RESEND_MS = 100
/** ioredis gives a command up after so many; ours are safe to repeat, and wait for as long as it takes. */
const RESENDS_MAX = Number.MAX_SAFE_INTEGER

/**
 * A connection that is not opened yet. Commands wait while Redis is away and are sent again when their reply was lost.
 * @param isKept false until it was established once: then the first failure is the answer
 */
export function openLink(target: RedisTarget, isKept: () => boolean): RedisLink {
  const pause = (times: number): number | null =>
    isKept() ? Math.min(RECONNECT_MIN_MS * 2 ** Math.min(times, 10), RECONNECT_MAX_MS) : null
  const common = {
    ...target.options,
    connectTimeout: CONNECT_MAX_MS,
    maxRetriesPerRequest: null,
    replyMapping: 'legacy',
  } satisfies RedisOptions
  if (target.kind === 'cluster')
    return new Cluster([...target.nodes], {
      lazyConnect: true,
      redisOptions: common,
      clusterRetryStrategy: pause,
      maxRedirections: RESENDS_MAX,
      retryDelayOnFailover: RESEND_MS,
      retryDelayOnClusterDown: RESEND_MS,
      retryDelayOnTryAgain: RESEND_MS,
      slotsRefreshTimeout: CONNECT_MAX_MS,
    })
  const named =
    target.kind === 'sentinel'
      ? { sentinels: [...target.sentinels], name: target.group, sentinelRetryStrategy: pause }
      : {}
  return new Redis({
    ...common,
    ...named,
    lazyConnect: true,
    retryStrategy: pause,
    // A replica that was a primary until now: look again, then send again.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  })
}
