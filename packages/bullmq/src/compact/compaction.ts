import type { BlobStore, KeptRun, LoadedRun } from '@agentloom/engine'
import { z } from 'zod'
import { AwayRuns, type AwayStore } from '../away/away-runs.ts'
import { ShardedBlobs } from '../blobs/sharded-blobs.ts'
import { ValueJournal } from '../blobs/value-journal.ts'
import { connect } from '../connect/connect.ts'
import type { RedisLink } from '../connect/link.ts'
import { redisError } from '../connect/redis-error.ts'
import { storeTimeMs } from '../connect/store-time.ts'
import type { Keys } from '../keys.ts'
import { oldestOf } from '../journal/oldest.ts'
import { shardOf } from '../shards/shard-of.ts'
import { ShardedJournal } from '../shards/sharded-journal.ts'
import { Scripts } from '../script.ts'

export interface CompactionOptions {
  /** `redis://…`, `redis+sentinel://…/NAME` or `redis+cluster://…`; `rediss` for TLS. */
  readonly redis: string
  readonly prefix?: string
  /** Where values above 32 KiB lie, the same for all who share runs; see `openBlobPlace`. Default: in Redis. */
  readonly blobs?: BlobStore | null
  /** Told of every failure of the established connection, which is restored by itself. */
  readonly onError?: (error: unknown) => void
}

/** A run that ended or was paused, and has no checkpoint of that yet. */
export interface UnsavedRun {
  readonly runId: string
  /** Milliseconds since 1970 by Redis' clock, as text: it tells this end from a later one. */
  readonly since: string
}

/** A run at work: its checkpoint is as old as the compactor lets it get. */
export interface LiveRun {
  readonly runId: string
  readonly updatedAtMs: number
}

/** What a compactor needs of the journal: who may write, what is to be written, what has been. */
export interface Compaction {
  /**
   * Takes or prolongs the lease of the one compactor that a journal has at a time. Two at once, after a pause of one of
   * them, do the same work twice and no harm.
   * @returns whether the holder has it for `leaseMs` milliseconds from now
   */
  lease(holder: string, leaseMs: number): Promise<boolean>
  /** Gives the lease back, if it is the holder's. */
  release(holder: string): Promise<void>
  /** Runs to be written, oldest first. */
  unsaved(limit: number): Promise<readonly UnsavedRun[]>
  /** They have their checkpoint; one that has gone on and come to rest again since stays listed. */
  done(runs: readonly UnsavedRun[]): Promise<void>
  /** They are listed behind the others from here on. */
  postpone(runs: readonly UnsavedRun[]): Promise<void>
  /** Runs at work, those first that are the longest, with the time of their last record. */
  live(limit: number): Promise<readonly LiveRun[]>
  /** Null when the run has left Redis. @throws {CorruptJournalError} @throws {NewerFormatError} */
  load(runId: string, from?: number): Promise<LoadedRun | null>
  /** Text of a definition by hash, or null. */
  definition(hash: string): Promise<string | null>
  /** Runs that wait for somebody and of which nothing was written since; the longest started first, and each time the next ones. */
  resting(limit: number, sinceMs: number): Promise<readonly string[]>
  /** Takes a run and all below it out of Redis, as its checkpoints have it: see `away/away-runs.ts`. */
  leave(tree: readonly KeptRun[], place: { readonly home: string; readonly sinceMs: number }): Promise<boolean>
  /** Brings back runs that somebody asks for and that these checkpoints have. @returns how many */
  bringWanted(store: AwayStore): Promise<number>
  /** Removes blobs of runs that have left Redis. @returns of how many runs */
  collectBlobs(): Promise<number>
  /** Twice is harmless. */
  close(): void
}

const scores = z.array(z.string())

/**
 * Opens what a compactor needs, on a connection of its own.
 * @throws {RedisUrlError} {@link RedisUnreachableError} {@link RedisConnectError}
 */
export async function openCompaction(options: CompactionOptions): Promise<Compaction> {
  const { redis, shards } = await connect(options)
  const blobs = new ShardedBlobs({ redis, shards, elsewhere: options.blobs ?? null })
  const journal = new ValueJournal(new ShardedJournal({ redis, shards }), blobs)
  const away = new AwayRuns(redis, shards)
  const scripts = new Scripts(redis)
  const [first] = shards
  const lease = async (holder: string, leaseMs: number): Promise<boolean> =>
    (await scripts.call({
      name: 'lease',
      keys: first === undefined ? [] : [first.compactor],
      args: [holder, leaseMs],
    })) === 1
  return {
    lease,
    async release(holder) {
      await lease(holder, 0)
    },
    async unsaved(limit) {
      try {
        const lists = await Promise.all(shards.map((keys) => unsavedOf(redis, keys, limit)))
        return lists
          .flat()
          .toSorted((a, b) => Number(a.since) - Number(b.since))
          .slice(0, limit)
      } catch (error) {
        throw redisError(error)
      }
    },
    async done(runs) {
      const byShard = Map.groupBy(runs, ({ runId }) => shardOf(runId, shards.length))
      const forget = async ([shard, own]: readonly [number, readonly UnsavedRun[]]): Promise<void> => {
        const args = own.flatMap(({ runId, since }) => [runId, since])
        const keys = shards.slice(shard, shard + 1).map(({ unsaved }) => unsaved)
        await scripts.call({ name: 'compacted', keys, args })
      }
      await Promise.all([...byShard].map(forget))
    },
    async postpone(runs) {
      try {
        const nowMs = runs.length === 0 ? 0 : await storeTimeMs(redis)
        await Promise.all(
          runs.map(async ({ runId }) => {
            const keys = shards[shardOf(runId, shards.length)]
            if (keys !== undefined) await redis.zadd(keys.unsaved, 'XX', 'GT', nowMs, runId)
          }),
        )
      } catch (error) {
        throw redisError(error)
      }
    },
    async live(limit) {
      try {
        const indexes = shards.flatMap((keys) => [keys.index('running'), keys.childIndex('running')])
        const runIds = (await oldestOf(redis, indexes, { limit })).map(({ runId }) => runId)
        // One that cannot be read must not hold up the others: whoever loads it is told what is wrong with it.
        const unreadable = (runId: string) => (): LiveRun => ({ runId, updatedAtMs: 0 })
        const runs = await Promise.all(runIds.map((runId) => journal.header(runId).catch(unreadable(runId))))
        return runs.filter((run) => run !== null)
      } catch (error) {
        throw redisError(error)
      }
    },
    load: (runId, from) => journal.load(runId, from),
    async resting(limit, sinceMs) {
      const runIds = await away.resting(limit)
      const headers = await Promise.all(runIds.map((runId) => journal.header(runId).catch(() => null)))
      return headers.flatMap((header) => (header !== null && header.updatedAtMs <= sinceMs ? [header.runId] : []))
    },
    async leave(tree, place) {
      const runId = tree[0]?.header.runId ?? ''
      const shard = journal.shards[shardOf(runId, shards.length)]
      const hasLeft = shard !== undefined && (await away.leave(shard, tree, place))
      if (hasLeft) await blobs.remove(runId)
      return hasLeft
    },
    bringWanted: (store) => away.bringWanted(journal, store),
    collectBlobs: () => blobs.collect(),
    definition: (hash) => journal.definition(hash),
    close: () => redis.disconnect(),
  }
}

async function unsavedOf(redis: RedisLink, keys: Keys, limit: number): Promise<readonly UnsavedRun[]> {
  const found = scores.parse(await redis.zrange(keys.unsaved, 0, String(limit - 1), 'WITHSCORES'))
  return found.flatMap((runId, at) => (at % 2 === 0 ? [{ runId, since: found[at + 1] ?? '' }] : []))
}
