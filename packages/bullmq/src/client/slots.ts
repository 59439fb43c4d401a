import { redisError } from '../connect/redis-error.ts'
import type { RedisLink } from '../connect/link.ts'
import type { FleetKeys, Keys } from '../keys.ts'
import { listWorkers, type WorkerEntry } from '../worker/registry.ts'

/** How a concurrency key stands in a shard. */
export interface KeyStanding {
  readonly key: string
  readonly shard: number
  /** Steps at work at once; null: no limit. */
  readonly limit: number | null
  readonly weight: number
  readonly holders: readonly SlotHolder[]
  /** Ready steps that wait for their turns. */
  readonly waiting: number
}

/** A step that holds a slot of its key. */
export interface SlotHolder {
  readonly runId: string
  readonly stepId: string
  /** Null where its turn has come and nobody has claimed it yet, or nobody knows its worker any more. */
  readonly worker: string | null
  /** Milliseconds since 1970, by Redis' clock. */
  readonly sinceMs: number
  /** When its lease runs out, unless it is prolonged; null for one that waits for its worker to be seen to be gone. */
  readonly untilMs: number | null
}

export interface SlotsParts {
  readonly redis: RedisLink
  readonly shards: readonly Keys[]
  readonly fleet: FleetKeys
}

/** One key, or all of which something waits or is at work, by their names. Not of one moment: a look, not a count to build on. */
export async function slotsOf(
  { redis, shards, fleet }: SlotsParts,
  key: string | null,
): Promise<readonly KeyStanding[]> {
  try {
    const workers = await listWorkers(redis, fleet)
    const found = await Promise.all(
      shards.map(async (keys) => {
        const known = await redis.smembers(keys.concurrencyKeys)
        const wanted = known.filter((one) => key === null || one === key)
        return Promise.all(wanted.map((one) => standingOf({ redis, keys, workers }, one)))
      }),
    )
    return found.flat().toSorted((a, b) => (a.key === b.key ? a.shard - b.shard : a.key < b.key ? -1 : 1))
  } catch (error) {
    throw redisError(error)
  }
}

interface At {
  readonly redis: RedisLink
  readonly keys: Keys
  readonly workers: readonly WorkerEntry[]
}

async function standingOf(at: At, key: string): Promise<KeyStanding> {
  const { redis, keys } = at
  const [share, slots, pools] = await Promise.all([
    redis.get(keys.share(key)),
    redis.zrange(keys.slots(key), '0', '-1', 'WITHSCORES'),
    redis.smembers(keys.lines),
  ])
  const waiting = await Promise.all(pools.map((pool) => redis.zcard(keys.ready(pool, key))))
  const [, limit = '', weight = '1'] = /^(\d*)\|(\d+)$/.exec(share ?? '') ?? []
  const holders = pairsOf(slots).map(([member, since]) => holderOf(at, member, Number(since)))
  return {
    key,
    shard: keys.shard,
    limit: limit === '' ? null : Number(limit),
    weight: Number(weight),
    holders: await Promise.all(holders),
    waiting: waiting.reduce((sum, count) => sum + count, 0),
  }
}

async function holderOf({ redis, keys, workers }: At, member: string, sinceMs: number): Promise<SlotHolder> {
  const slash = member.indexOf('/') // a run id holds none
  const [runId, stepId] = [member.slice(0, slash), member.slice(slash + 1)]
  const [cell, until] = await Promise.all([redis.hget(keys.run(runId)[1], stepId), redis.zscore(keys.due, member)])
  const nonce = /^[lx]([^|]+)\|/.exec(cell ?? '')?.[1] ?? null
  const worker = workers.find(({ instance }) => nonce?.startsWith(instance))?.worker ?? null
  return { runId, stepId, worker, sinceMs, untilMs: until === null ? null : Math.floor(Number(until)) }
}

function pairsOf(flat: readonly string[]): readonly (readonly [string, string])[] {
  return flat.flatMap((member, at) => (at % 2 === 0 ? [[member, flat[at + 1] ?? '0'] as const] : []))
}
