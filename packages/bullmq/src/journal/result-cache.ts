import type { Cache } from '@agentloom/engine'
import type { Redis } from 'ioredis'
import { redisError } from '../connect/redis-error.ts'
import type { Keys } from '../keys.ts'

/** A result that nobody asked for this long is made again; without an end of their own results would stay for ever. */
const IDLE_MAX_MS = 30 * 24 * 3_600_000

/** The engine's `Cache` for all workers of a Redis. What is full or gone costs a result its place, and nothing else. */
export class RedisCache implements Cache {
  readonly #redis: Redis
  readonly #keys: Keys

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis
    this.#keys = keys
  }

  /** @throws what `redisError` makes of Redis' answer */
  async get(key: string): Promise<string | null> {
    try {
      return await this.#redis.get(this.#keys.cached(key))
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
      await this.#redis.set(this.#keys.cached(key), text, 'PX', ms)
    } catch (error) {
      throw redisError(error)
    }
  }
}
