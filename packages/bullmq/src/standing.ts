import { RUN_STATUSES, type RunStatus } from '@agentloom/engine'
import type { Queue } from 'bullmq'
import type { RedisLink } from './connect/link.ts'
import { storeTimeMs } from './connect/store-time.ts'
import type { Keys } from './keys.ts'

/** How a BullMQ queue stands. */
export interface QueueStanding {
  readonly name: string
  readonly isPaused: boolean
  /** Jobs by state. */
  readonly jobs: Readonly<Record<'waiting' | 'active' | 'delayed' | 'prioritized' | 'completed' | 'failed', number>>
  /** How long the job that waits longest has waited, ms by the clock here; 0 where none waits. */
  readonly oldestMs: number
}

/** How the runs and queues of a Redis stand, of all workers together. */
export interface Standing {
  readonly queues: readonly QueueStanding[]
  /** Runs that Redis holds, by status, without child runs. */
  readonly runs: Readonly<Record<RunStatus, number>>
  /** Obligations whose time has come and that no sweeper has taken yet; more than a few for long: there is no worker. */
  readonly overdue: number
}

/** Reads it in a few round trips, whatever there is. */
export async function standingOf(
  redis: RedisLink,
  { shards, queues }: { readonly shards: readonly Keys[]; readonly queues: readonly Queue[] },
): Promise<Standing> {
  const [byShard, ofQueues, nowMs] = await Promise.all([
    Promise.all(shards.map((keys) => runsOf(redis, keys))),
    Promise.all(queues.map((queue) => queueStanding(redis, queue))),
    storeTimeMs(redis),
  ])
  const overdue = await Promise.all(shards.map((keys) => redis.zcount(keys.due, '-inf', nowMs)))
  const runs = Object.fromEntries(RUN_STATUSES.map((status) => [status, 0])) as Record<RunStatus, number>
  for (const counts of byShard) for (const status of RUN_STATUSES) runs[status] += counts[status]
  return { queues: ofQueues, runs, overdue: overdue.reduce((sum, count) => sum + count, 0) }
}

async function runsOf(redis: RedisLink, keys: Keys): Promise<Record<RunStatus, number>> {
  const counts = await Promise.all(RUN_STATUSES.map(async (status) => [status, await redis.zcard(keys.index(status))]))
  return Object.fromEntries(counts) as Record<RunStatus, number>
}

/** Queues of one name lie in every shard. */
function labelOf({ name, opts }: Queue): string {
  const shard = /:(\d+)}$/.exec(opts.prefix ?? '')?.[1] ?? '0'
  return shard === '0' ? name : `shard-${shard}-${name}`
}

async function queueStanding(redis: RedisLink, queue: Queue): Promise<QueueStanding> {
  const [counts, isPaused, oldest] = await Promise.all([
    queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'completed', 'failed'),
    queue.isPaused(),
    redis.lindex(queue.toKey('wait'), -1),
  ])
  const addedAt = oldest === null ? null : await redis.hget(queue.toKey(oldest), 'timestamp')
  const { waiting = 0, active = 0, delayed = 0, prioritized = 0, completed = 0, failed = 0 } = counts
  return {
    name: labelOf(queue),
    isPaused,
    jobs: { waiting, active, delayed, prioritized, completed, failed },
    oldestMs: addedAt === null ? 0 : Math.max(0, Date.now() - Number(addedAt)),
  }
}
