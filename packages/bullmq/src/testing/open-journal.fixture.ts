import { removeKeys, redisUrl, testPrefix } from '@agentloom/testing'
import { Redis } from 'ioredis'
import { RedisJournal } from '../journal/redis-journal.ts'
import { keysOf, type Keys } from '../keys.ts'
import { ShardedJournal } from '../shards/sharded-journal.ts'

export interface TestJournal {
  readonly journal: RedisJournal
  readonly redis: Redis
  readonly keys: Keys
  advance(ms: number): Promise<void>
  close(): Promise<void>
}

export interface ShardedTestJournal extends Omit<TestJournal, 'journal' | 'keys'> {
  readonly journal: ShardedJournal
  readonly shards: readonly Keys[]
}

interface TestJournalOptions {
  readonly startMs?: number
  readonly retentionMs?: number
  readonly prefix?: string
}

/** The same text for every prefix: a server keeps each script that it was ever sent. */
const CLOCK =
  "local function clock() return tonumber(redis.call('GET', string.match(KEYS[1], '^{[^}]+}:') .. 'clock')) end\n"
const START_MS = 1_700_000_000_000

/** A journal of its own on the shared Redis, whose scripts read the time from a key that the test moves. */
export async function openTestJournal(options: TestJournalOptions = {}): Promise<TestJournal> {
  const { startMs = START_MS, prefix = testPrefix(), ...rest } = options
  const keys = keysOf(prefix)
  const clock = await openClock([keys], startMs)
  return {
    ...clock,
    journal: new RedisJournal({ redis: clock.redis, keys, offerMs: 5_000, clock: CLOCK, ...rest }),
    keys,
    async close() {
      await removeKeys(prefix)
      clock.redis.disconnect()
    },
  }
}

/** As `openTestJournal`, over several shards. */
export async function openShardedTestJournal(
  count: number,
  options: TestJournalOptions = {},
): Promise<ShardedTestJournal> {
  const { startMs = START_MS, prefix = testPrefix(), ...rest } = options
  const shards = Array.from({ length: count }, (_, shard) => keysOf(prefix, shard))
  const clock = await openClock(shards, startMs)
  return {
    ...clock,
    journal: new ShardedJournal({ redis: clock.redis, shards, offerMs: 5_000, clock: CLOCK, ...rest }),
    shards,
    async close() {
      await removeKeys(prefix)
      clock.redis.disconnect()
    },
  }
}

async function openClock(shards: readonly Keys[], startMs: number): Promise<Pick<TestJournal, 'redis' | 'advance'>> {
  const redis = new Redis(redisUrl(), { maxRetriesPerRequest: null })
  const clockKeys = shards.map(({ root }) => `${root}clock`)
  await Promise.all(clockKeys.map((key) => redis.set(key, startMs)))
  return {
    redis,
    async advance(ms) {
      await Promise.all(clockKeys.map((key) => redis.incrby(key, ms)))
    },
  }
}
