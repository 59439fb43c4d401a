import { DEFAULT_POOL } from '@agentloom/engine'
import { Queue } from 'bullmq'
import { Cluster } from 'ioredis'
import type { RedisLink } from '../connect/link.ts'
import { stepsQueueOf, type Keys } from '../keys.ts'

/** BullMQ's own stream of queue events, of which only Bull Board makes use. */
const EVENTS_MAX = 1_000

export function openQueue(redis: RedisLink, keys: Keys, name: string): Queue {
  return new Queue(name, { connection: redis, prefix: keys.bullPrefix, streams: { events: { maxLen: EVENTS_MAX } } })
}

/** The BullMQ queues of a shard's steps, one a pool, each opened when it is needed first. */
export class PoolQueues {
  readonly #redis: RedisLink
  readonly #keys: Keys
  readonly #onError: (error: unknown) => void
  readonly #queues = new Map<string, Queue>()

  /** @param onError without it BullMQ writes to stderr itself */
  constructor(redis: RedisLink, keys: Keys, onError: (error: unknown) => void = () => undefined) {
    this.#redis = redis
    this.#keys = keys
    this.#onError = onError
  }

  /** There several jobs in one transaction fail when their slot moves, and each by itself is sent again. */
  get addsOneByOne(): boolean {
    return this.#redis instanceof Cluster
  }

  of(pool: string): Queue {
    const found = this.#queues.get(pool)
    if (found !== undefined) return found
    const queue = openQueue(this.#redis, this.#keys, stepsQueueOf(pool))
    queue.on('error', this.#onError)
    this.#queues.set(pool, queue)
    return queue
  }

  /** Makes pools known to `all`, also those that nobody has rung for yet. */
  async tell(pools: readonly string[]): Promise<void> {
    const others = pools.filter((pool) => pool !== DEFAULT_POOL)
    if (others.length > 0) await this.#redis.sadd(this.#keys.pools, ...others)
  }

  /** The queues of all pools that are known, the default one first. */
  async all(): Promise<readonly Queue[]> {
    const others = await this.#redis.smembers(this.#keys.pools)
    return [DEFAULT_POOL, ...others.toSorted()].map((pool) => this.of(pool))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()))
  }
}
