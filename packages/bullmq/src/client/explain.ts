import {
  explainNewerFormat,
  explainRun,
  loadTree,
  NewerFormatError,
  openSteps,
  type Explanation,
  type Journal,
  type KeyFact,
  type Plans,
} from '@agentloom/engine'
import type { Queue } from 'bullmq'
import type { RedisLink } from '../connect/link.ts'
import { storeTimeMs } from '../connect/store-time.ts'
import { poolOfQueue, RUNS_QUEUE, type FleetKeys, type Keys } from '../keys.ts'
import { shardOf } from '../shards/shard-of.ts'
import { standingOf } from '../standing.ts'
import { listWorkers } from '../worker/registry.ts'
import { slotsOf, type SlotsParts } from './slots.ts'

export interface ExplainParts {
  readonly redis: RedisLink
  readonly shards: readonly Keys[]
  readonly fleet: FleetKeys
  readonly journal: Pick<Journal, 'load'>
  readonly plans: Plans
  readonly queues: () => Promise<readonly Queue[]>
}

/** Null where there is no such run. What is read beside its records is of about the same moment. */
export async function explain(parts: ExplainParts, runId: string): Promise<Explanation | null> {
  const { redis, shards, fleet, journal, plans, queues } = parts
  try {
    const tree = await loadTree(journal, plans, runId)
    if (tree === null) return null
    const keys = shards[shardOf(runId, shards.length)]
    const open = openSteps(tree)
    const members = open.map((step) => memberOf(step.runId, step.stepId))
    const [workers, standing, nowMs, scores, fullKeys] = await Promise.all([
      listWorkers(redis, fleet),
      standingOf(redis, { shards, queues: await queues() }),
      storeTimeMs(redis),
      keys === undefined || members.length === 0 ? [] : redis.zmscore(keys.due, ...members),
      keys === undefined ? [] : fullKeysOf({ redis, shards: [keys], fleet }, keys.run(runId)[0]),
    ])
    const dueAt = new Map(members.map((member, at) => [member, scores[at] ?? null]))
    const waiting = new Map<string, number>()
    for (const { name, jobs } of standing.queues) {
      if (name.endsWith(RUNS_QUEUE)) continue
      const pool = poolOfQueue(name.replace(/^shard-\d+-/, ''))
      waiting.set(pool, (waiting.get(pool) ?? 0) + jobs.waiting + jobs.prioritized)
    }
    return explainRun(tree, {
      nowMs,
      workers,
      owner: null,
      dueAtMs: (own, stepId) => msOf(dueAt.get(memberOf(own, stepId))),
      queued: (pool) => waiting.get(pool) ?? 0,
      fullKeys,
    })
  } catch (error) {
    if (error instanceof NewerFormatError) return explainNewerFormat(runId, error.message)
    throw error
  }
}

/** The run's concurrency key, where it has one and all its slots are held. */
async function fullKeysOf(parts: SlotsParts, run: string): Promise<readonly KeyFact[]> {
  const key = await parts.redis.hget(run, 'key')
  const standings = key === null ? [] : await slotsOf(parts, key)
  return standings.flatMap(({ limit, holders }) =>
    key === null || limit === null || holders.length < limit
      ? []
      : [{ key, limit, holders: holders.map(({ runId, stepId }) => memberOf(runId, stepId)) }],
  )
}

function memberOf(runId: string, stepId: string): string {
  return `${runId}/${stepId}`
}

function msOf(score: string | number | null | undefined): number | null {
  return score == null ? null : Math.floor(Number(score))
}
