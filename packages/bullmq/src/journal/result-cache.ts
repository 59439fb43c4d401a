import type { Cache } from '@agentloom/engine'
import type { RedisLink } from '../connect/link.ts'
import { redisError } from '../connect/redis-error.ts'
import type { Keys } from '../keys.ts'
import { shardOfKey } from '../shards/shard-of.ts'

/** A result that nobody asked for this long is made again; without an end of their own results would stay for ever. */
const IDLE_MAX_MS = 30 * 24 * 3_600_000

/** The engine's `Cache` for all workers of a Redis. What is full or gone costs a result its place, and nothing else. */
export class RedisCache implements Cache {
  readonly #redis: RedisLink
  readonly #shards: readonly Keys[]

  /** @param shards of all shards, over which results are spread */
  constructor(redis: RedisLink, shards: readonly Keys[]) {
    this.#redis = redis
    this.#shards = shards
  }

  /** @throws what `redisError` makes of Redis' answer */
  async get(key: string): Promise<string | null> {
    try {
      return await this.#redis.get(this.#cached(key))
    } catch (error) {
      throw redisError(error)
    }
  }

  /**
   * @param ttlMs null: for 30 days
   * @throws what `redisError` makes of Redis' answer; `redis/full` where there is no room
   */
  async set(key: string, text: string, ttlMs: number | null): Promise<void> {
    const ms = Math.max(1, Math.round(ttlMs ?? IDLE_MAX_MS))
    try {
      await this.#redis.set(this.#cached(key), text, 'PX', ms)
    } catch (error) {
      throw redisError(error)
    }
  }

  #cached(key: string): string {
    const shard = this.#shards[shardOfKey(key, this.#shards.length)]
    if (shard === undefined) throw new Error('there is no shard')
    return shard.cached(key)
  }
}
