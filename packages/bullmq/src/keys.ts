import { DEFAULT_POOL } from '@agentloom/engine'

/**
 * Every key and channel, built here and nowhere else. All of a shard's keys carry one hash tag, so that they lie on one
 * slot and a script may touch them together. Scripts are handed the keys that every run has, and the root of the shard
 * for the few that only some runs need (`lua/lib/run.lua` lists them).
 */
export interface Keys {
  /** Which shard these are the keys of, from 0. */
  readonly shard: number
  /** `{al:0}:` */
  readonly root: string
  readonly due: string
  /** Which data this is: see `generation/generation.ts`. */
  readonly generation: string
  /** Hash: how far each worker has told what its spool knows, after a loss of data. */
  readonly replayed: string
  /** Ended and paused runs without a checkpoint, by when they came to rest. */
  readonly unsaved: string
  /** Who writes checkpoints. */
  readonly compactor: string
  /** Written to be waited for: see `start/durability.ts`. */
  readonly mark: string
  /** Channel: `RUN STATUS` for each run that ended, paused or parked. */
  readonly ends: string
  /** Channel: `RUN` for new records of runs that somebody watches. */
  readonly pokes: string
  /** Channel: `RUN` that was ended by something else than its steps; whoever holds one of them asks the journal. */
  readonly stops: string
  /** Hash: `RUN/STEP` that is parked for want of its function → the function. */
  readonly lacking: string
  /** BullMQ's own prefix. */
  readonly bullPrefix: string
  run(runId: string): RunKeys
  /** Where parts of a run lie ready: see `journal/restore.ts`. */
  staged(runId: string, attempt: string): StagedKeys
  definition(hash: string): string
  index(status: string): string
  /** As `index`, of runs that are children of a step. */
  childIndex(status: string): string
  /** A result that a step keeps for others: see `journal/result-cache.ts`. */
  cached(key: string): string
  /** Runs that have left Redis: see `away/away-runs.ts`. */
  readonly away: string
  readonly awayIndex: string
  readonly wanted: string
  back(runId: string): string
  /** Owners of blobs: see `blobs/redis-blobs.ts`. */
  readonly blobs: string
  blobsOf(owner: string): string
  /** Set: pools beside the default one that were ever rung for. */
  readonly pools: string
  /** Sets: concurrency keys of which something waits or is at work, and the pools where that is. */
  readonly concurrencyKeys: string
  readonly lines: string
  /** Of a concurrency key: `limit|weight`, its slots, and its steps that wait in a pool; see `lua/lib/fair.lua`. */
  share(key: string): string
  slots(key: string): string
  ready(pool: string, key: string): string
  /** What the keys of the default pool's BullMQ queue begin with; another pool's name follows behind a `-`. */
  readonly stepsQueue: string
}

/** In the order in which `lua/lib/turn.lua` takes them. */
export type RunKeys = readonly [run: string, steps: string, out: string, log: string]

export type StagedKeys = readonly [steps: string, out: string, log: string]

export const STEPS_QUEUE = 'agentloom-steps'
export const RUNS_QUEUE = 'agentloom-runs'

/** Name of a pool's BullMQ queue. */
export function stepsQueueOf(pool: string): string {
  return pool === DEFAULT_POOL ? STEPS_QUEUE : `${STEPS_QUEUE}-${pool}`
}

/** The pool that a queue of steps serves. */
export function poolOfQueue(queue: string): string {
  return queue === STEPS_QUEUE ? DEFAULT_POOL : queue.slice(STEPS_QUEUE.length + 1)
}

const PREFIX = /^[A-Za-z0-9_-]{1,32}$/

export const DEFAULT_PREFIX = 'al'

export function isPrefix(text: string): boolean {
  return PREFIX.test(text)
}

/** What belongs to no shard. */
export interface FleetKeys {
  /** The number of shards, fixed at the first start: see `shards/shard-count.ts`. */
  readonly shards: string
  /** What workers tell of themselves, and when each of them counts as silent. Both on one slot. */
  readonly workers: readonly [entries: string, silent: string]
}

export function fleetKeysOf(prefix: string): FleetKeys {
  return { shards: `${prefix}:shards`, workers: [`${prefix}:workers`, `{${prefix}:workers}:silent`] }
}

/** @param shard which one, from 0; runs are put into shards by `shards/shard-of.ts` */
export function keysOf(prefix: string, shard = 0): Keys {
  const bullPrefix = `{${prefix}:${shard}}`
  const root = `${bullPrefix}:`
  const due = `${root}due`
  return {
    shard,
    root,
    due,
    generation: `${root}generation`,
    replayed: `${root}replayed`,
    unsaved: `${root}unsaved`,
    compactor: `${root}compactor`,
    mark: `${root}mark`,
    ends: `${root}ends`,
    pokes: `${root}pokes`,
    stops: `${root}stops`,
    lacking: `${root}lacking`,
    bullPrefix,
    run: (runId) => [`${root}run:${runId}`, `${root}steps:${runId}`, `${root}out:${runId}`, `${root}log:${runId}`],
    staged(runId, attempt) {
      const staged = `${root}staged:${runId}:${attempt}`
      return [`${staged}:steps`, `${staged}:out`, `${staged}:log`]
    },
    definition: (hash) => `${root}def:${hash}`,
    index: (status) => `${root}ix:${status}`,
    childIndex: (status) => `${root}cx:${status}`,
    away: `${root}away`,
    awayIndex: `${root}away-ix`,
    wanted: `${root}wanted`,
    back: (runId) => `${root}back:${runId}`,
    blobs: `${root}blobs`,
    blobsOf: (owner) => `${root}blobs:${owner}`,
    cached: (key) => `${root}cache:${key}`,
    pools: `${root}pools`,
    concurrencyKeys: `${root}keys`,
    lines: `${root}lines`,
    share: (key) => `${root}share:${key}`,
    slots: (key) => `${root}slots:${key}`,
    ready: (pool, key) => `${root}ready:${pool}:${key}`,
    stepsQueue: `${root}${STEPS_QUEUE}`,
  }
}
