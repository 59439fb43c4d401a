import { setTimeout as sleep } from 'node:timers/promises'
import { BlobStoreError, type Blob, type BlobStore } from '@agentloom/engine'
import { z } from 'zod'
import type { RedisLink } from '../connect/link.ts'
import { redisError } from '../connect/redis-error.ts'
import type { Keys } from '../keys.ts'
import { Scripts } from '../script.ts'

/** A blob is put before the journal names its run: nobody takes longer than this in between. */
const GRACE_MS = 3_600_000
/** How long an owner's blobs may take to be removed; a collector that died is followed by the next. */
const REMOVAL_MS = 60_000
const LOOK_AGAIN_MS = 200

const owners = z.array(z.string())

export interface RedisBlobsOptions {
  readonly redis: RedisLink
  readonly keys: Keys
  /** Where the texts lie, if not in Redis. */
  readonly elsewhere?: BlobStore | null
  readonly scripts?: Scripts
}

/**
 * The blobs of a shard: a hash an owner, or texts elsewhere. In both cases Redis knows who owns some: `blobs`, a sorted set
 * owner → when it put one. The collector goes by that and by the journal, in one script; while it removes an owner's blobs,
 * the score is negative and whoever would put one waits.
 */
export class RedisBlobs implements BlobStore {
  readonly #redis: RedisLink
  readonly #keys: Keys
  readonly #elsewhere: BlobStore | null
  readonly #scripts: Scripts

  constructor({ redis, keys, elsewhere = null, scripts = new Scripts(redis) }: RedisBlobsOptions) {
    this.#redis = redis
    this.#keys = keys
    this.#elsewhere = elsewhere
    this.#scripts = scripts
  }

  async put(owner: string, blobs: readonly Blob[]): Promise<void> {
    const texts = this.#elsewhere === null ? blobs.flatMap(({ hash, text }) => [hash, text]) : []
    const keys = [this.#keys.blobs, this.#keys.blobsOf(owner)]
    for (let waitedMs = 0; ; waitedMs += LOOK_AGAIN_MS) {
      const isPut = (await this.#scripts.call({ name: 'put-blobs', keys, args: [owner, ...texts] })) === 1
      if (isPut) break
      if (waitedMs > REMOVAL_MS) throw new BlobStoreError('in Redis', `blobs of run ${owner} are being removed`)
      await sleep(LOOK_AGAIN_MS)
    }
    await this.#elsewhere?.put(owner, blobs)
  }

  async get(owner: string, hashes: readonly string[]): Promise<readonly (string | null)[]> {
    if (this.#elsewhere !== null) return this.#elsewhere.get(owner, hashes)
    try {
      return await this.#redis.hmget(this.#keys.blobsOf(owner), ...hashes)
    } catch (error) {
      throw redisError(error)
    }
  }

  /** Nothing where the owner's run is there, or just comes back. */
  async remove(owner: string): Promise<void> {
    await this.#removeIdle(0, 1, owner)
  }

  /**
   * Removes the blobs of runs that have left Redis, and for which nobody has put one in the last hour. Any number may collect at
   * once. @returns of how many runs
   */
  collect(limit: number, graceMs: number = GRACE_MS): Promise<number> {
    return this.#removeIdle(graceMs, limit, '')
  }

  async #removeIdle(graceMs: number, limit: number, only: string): Promise<number> {
    const args = [this.#keys.root, graceMs, REMOVAL_MS, limit, only]
    const gone = owners.parse(await this.#scripts.call({ name: 'idle-blobs', keys: [this.#keys.blobs], args }))
    for (let at = 0; at < gone.length; at += 2) {
      const [owner = '', mark = ''] = gone.slice(at, at + 2)
      await this.#removeTexts(owner)
      await this.#scripts.call({ name: 'compacted', keys: [this.#keys.blobs], args: [owner, mark] })
    }
    return gone.length / 2
  }

  async #removeTexts(owner: string): Promise<void> {
    if (this.#elsewhere !== null) return this.#elsewhere.remove(owner)
    try {
      await this.#redis.unlink(this.#keys.blobsOf(owner))
    } catch (error) {
      throw redisError(error)
    }
  }
}
