import { redisError } from '../connect/redis-error.ts'
import type { RedisLink } from '../connect/link.ts'
import { ShardCountError } from './errors.ts'

/** Every shard costs each worker that serves it a connection, and a round trip of the sweeper twice a second. */
export const SHARDS_MAX = 128

export interface ShardCount {
  readonly redis: RedisLink
  /** The key in which it is kept. */
  readonly key: string
  /** What a setting says; null: whatever is kept. */
  readonly wanted: number | null
}

/**
 * The number of shards as it was fixed, else as wanted, else 1. Nothing is fixed by asking.
 * @throws {ShardCountError} `config/shards`
 */
export async function readShardCount({ redis, key, wanted }: ShardCount): Promise<number> {
  const kept = await asked(redis.get(key))
  return agreed(kept, wanted)
}

/**
 * As `readShardCount`, and fixed from here on: runs lie where this number puts them. Where it is fixed nothing is written, so
 * that workers start on a full Redis.
 * @throws {ShardCountError} `config/shards`
 * @throws {RedisFullError} `redis/full`
 */
export async function fixShardCount({ redis, key, wanted }: ShardCount): Promise<number> {
  const found = await asked(redis.get(key))
  const kept = found ?? (await asked(redis.set(key, String(wanted ?? 1), 'NX', 'GET')))
  return agreed(kept, wanted)
}

function agreed(kept: string | null, wanted: number | null): number {
  if (wanted !== null && (!Number.isInteger(wanted) || wanted < 1 || wanted > SHARDS_MAX))
    throw new ShardCountError(`${wanted} shards there can't be`, `give a whole number from 1 to ${SHARDS_MAX}`)
  if (kept === null) return wanted ?? 1
  const count = Number(kept)
  if (!/^[1-9]\d{0,2}$/.test(kept) || count > SHARDS_MAX)
    throw new ShardCountError(
      `Redis says that there are ${JSON.stringify(kept.slice(0, 20))} shards`,
      'somebody else writes under this prefix: choose another (AGENTLOOM_PREFIX)',
    )
  if (wanted !== null && wanted !== count)
    throw new ShardCountError(
      `there are ${count} shards, and ${wanted} are asked for`,
      `set AGENTLOOM_SHARDS=${count} or leave it out: runs stay in the shard in which they were started. For another number choose another prefix (AGENTLOOM_PREFIX), and let the runs of this one end`,
    )
  return count
}

async function asked<Reply>(reply: Promise<Reply>): Promise<Reply> {
  try {
    return await reply
  } catch (error) {
    throw redisError(error)
  }
}
