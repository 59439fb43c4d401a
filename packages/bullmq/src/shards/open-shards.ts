import type { BlobStore } from '@agentloom/engine'
import type { Queue } from 'bullmq'
import { ShardedBlobs } from '../blobs/sharded-blobs.ts'
import { ValueJournal } from '../blobs/value-journal.ts'
import type { RedisLink } from '../connect/link.ts'
import { BullmqDoorbell } from '../doorbell/bullmq-doorbell.ts'
import { openQueue, PoolQueues } from '../doorbell/pool-queues.ts'
import type { Generation } from '../generation/generation.ts'
import { RUNS_QUEUE, type Keys } from '../keys.ts'
import { ShardedDoorbell } from './sharded-doorbell.ts'
import { ShardedJournal } from './sharded-journal.ts'

export interface OpenedShards {
  readonly journal: ValueJournal
  readonly blobs: ShardedBlobs
  /** For whoever fills the journal up while it is shut to all others. */
  readonly unguarded: ValueJournal
  readonly doorbell: ShardedDoorbell
  /** The queues of steps, shard by shard, and behind them the one of runs to be started, which lies in the first. */
  readonly queues: () => Promise<readonly Queue[]>
  /** Makes pools known in these shards, also those that nobody has rung for yet. */
  readonly tellPools: (shards: readonly Keys[], pools: readonly string[]) => Promise<void>
  /** Those whose queue somebody has paused in one of these shards. */
  readonly pausedPools: (shards: readonly Keys[], pools: readonly string[]) => Promise<ReadonlySet<string>>
  readonly closeQueues: () => Promise<void>
}

/** Journal and doorbells over all shards, on one connection. */
export function openShards({
  redis,
  shards,
  retentionMs,
  deathsMax,
  blobs: elsewhere = null,
  generations,
  onError = () => undefined,
}: {
  readonly redis: RedisLink
  readonly shards: readonly Keys[]
  readonly retentionMs?: number | undefined
  /** Of workers: see `WorkerOptions`. */
  readonly deathsMax?: number | undefined
  readonly blobs?: BlobStore | null | undefined
  /** As the shards; see `ShardedJournalOptions`. */
  readonly generations?: readonly Generation[] | undefined
  readonly onError?: (error: unknown) => void
}): OpenedShards {
  const pools = shards.map((keys) => new PoolQueues(redis, keys, onError))
  const inShards = (of: readonly Keys[]): readonly PoolQueues[] => of.flatMap(({ shard }) => pools[shard] ?? [])
  const starts = shards.slice(0, 1).map((keys) => openQueue(redis, keys, RUNS_QUEUE).on('error', onError))
  const blobs = new ShardedBlobs({ redis, shards, elsewhere })
  const options = {
    redis,
    shards,
    ...(retentionMs === undefined ? {} : { retentionMs }),
    ...(deathsMax === undefined ? {} : { deathsMax }),
  }
  return {
    journal: new ValueJournal(new ShardedJournal({ ...options, generations }), blobs),
    unguarded: new ValueJournal(new ShardedJournal(options), blobs),
    blobs,
    doorbell: new ShardedDoorbell(pools.map((queues) => new BullmqDoorbell(queues))),
    async queues() {
      return [...(await Promise.all(pools.map((queues) => queues.all()))).flat(), ...starts]
    },
    async tellPools(of, names) {
      await Promise.all(inShards(of).map((queues) => queues.tell(names)))
    },
    async pausedPools(of, names) {
      const places = inShards(of).flatMap((queues) => names.map((name) => ({ name, queue: queues.of(name) })))
      const arePaused = await Promise.all(places.map(({ queue }) => queue.isPaused()))
      return new Set(places.flatMap(({ name }, at) => (arePaused[at] === true ? [name] : [])))
    },
    async closeQueues() {
      await Promise.all([...pools, ...starts].map((queues) => queues.close()))
    },
  }
}
