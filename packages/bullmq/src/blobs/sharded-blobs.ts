import type { Blob, BlobStore } from '@agentloom/engine'
import type { RedisLink } from '../connect/link.ts'
import type { Keys } from '../keys.ts'
import { Scripts } from '../script.ts'
import { shardOf } from '../shards/shard-of.ts'
import { RedisBlobs } from './redis-blobs.ts'

/** Runs looked at in each shard at once. */
const COLLECTED_AT_ONCE = 100

/** The blobs of all shards: each lies in its run's, or is at least known there. */
export class ShardedBlobs implements BlobStore {
  readonly #shards: readonly RedisBlobs[]

  /** @param options.elsewhere where the texts lie; null: in Redis */
  constructor(options: {
    readonly redis: RedisLink
    readonly shards: readonly Keys[]
    readonly elsewhere: BlobStore | null
  }) {
    const { redis, shards, elsewhere } = options
    const scripts = new Scripts(redis)
    this.#shards = shards.map((keys) => new RedisBlobs({ redis, keys, elsewhere, scripts }))
  }

  async put(owner: string, blobs: readonly Blob[]): Promise<void> {
    await this.#of(owner).put(owner, blobs)
  }

  get(owner: string, hashes: readonly string[]): Promise<readonly (string | null)[]> {
    return this.#of(owner).get(owner, hashes)
  }

  async remove(owner: string): Promise<void> {
    await this.#of(owner).remove(owner)
  }

  /** See {@link RedisBlobs.collect}. */
  async collect(): Promise<number> {
    let count = 0
    for (const shard of this.#shards) count += await shard.collect(COLLECTED_AT_ONCE)
    return count
  }

  #of(owner: string): RedisBlobs {
    const blobs = this.#shards[shardOf(owner, this.#shards.length)]
    if (blobs === undefined) throw new Error('there is no shard')
    return blobs
  }
}
