import { BlobJournal, Blobs, type RunStatus } from '@agentloom/engine'
import type { RedisJournal } from '../journal/redis-journal.ts'
import type { ShardedJournal } from '../shards/sharded-journal.ts'
import type { ShardedBlobs } from './sharded-blobs.ts'

/** The journal over all shards, with large values in their blob store: what clients and workers work with. */
export class ValueJournal extends BlobJournal {
  readonly #inner: ShardedJournal

  constructor(inner: ShardedJournal, blobs: ShardedBlobs) {
    super(inner, new Blobs(blobs))
    this.#inner = inner
  }

  /** By shard, with references in the place of large values. */
  get shards(): readonly RedisJournal[] {
    return this.#inner.shards
  }

  hasStarted(runId: string, definition: string): boolean {
    return this.#inner.hasStarted(runId, definition)
  }

  /** Cheaper than the header. */
  status(runId: string): Promise<RunStatus | null> {
    return this.#inner.status(runId)
  }

  watch(runId: string, forMs: number): Promise<RunStatus | null> {
    return this.#inner.watch(runId, forMs)
  }
}
