import { removeKeys, redisUrl, testPrefix } from '@agentloom/testing'
import { Redis } from 'ioredis'
import type { RedisLink } from '../connect/link.ts'
import { RedisJournal } from '../journal/redis-journal.ts'
import { keysOf, type Keys } from '../keys.ts'
import { ShardedJournal } from '../shards/sharded-journal.ts'

interface Opened {
  advance(ms: number): Promise<void>
  close(): Promise<void>
}

export interface TestJournal extends Opened {
  readonly journal: RedisJournal
  readonly redis: Redis
  readonly keys: Keys
}

export interface ShardedTestJournal extends Opened {
  readonly journal: ShardedJournal
  readonly redis: RedisLink
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
  const redis = new Redis(redisUrl(), { maxRetriesPerRequest: null })
  return {
    journal: new RedisJournal({ redis, keys, offerMs: 5_000, clock: CLOCK, ...rest }),
    redis,
    keys,
    advance: await openClock(redis, [keys], startMs),
    async close() {
      await removeKeys(prefix)
      redis.disconnect()
    },
  }
}

interface ShardedTestJournalOptions extends TestJournalOptions {
  readonly shards: number
  /** Another Redis than the shared one: its owner removes the keys, and closes the connection. */
  readonly redis?: RedisLink
}

/** As `openTestJournal`, over several shards. */
export async function openShardedTestJournal(options: ShardedTestJournalOptions): Promise<ShardedTestJournal> {
  const { startMs = START_MS, prefix = testPrefix(), shards: count, redis: given, ...rest } = options
  const shards = Array.from({ length: count }, (_, shard) => keysOf(prefix, shard))
  const redis = given ?? new Redis(redisUrl(), { maxRetriesPerRequest: null })
  return {
    journal: new ShardedJournal({ redis, shards, offerMs: 5_000, clock: CLOCK, ...rest }),
    redis,
    shards,
    advance: await openClock(redis, shards, startMs),
    async close() {
      if (given !== undefined) return
      await removeKeys(prefix)
      redis.disconnect()
    },
  }
}

async function openClock(
  redis: RedisLink,
  shards: readonly Keys[],
  startMs: number,
): Promise<(ms: number) => Promise<void>> {
  const clocks = shards.map(({ root }) => `${root}clock`)
  await Promise.all(clocks.map((key) => redis.set(key, startMs)))
  return async (ms) => {
    await Promise.all(clocks.map((key) => redis.incrby(key, ms)))
  }
}
