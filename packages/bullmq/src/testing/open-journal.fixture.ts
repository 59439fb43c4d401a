import { removeKeys, redisUrl, testPrefix } from '@agentloom/testing'
import { Redis } from 'ioredis'
import { RedisJournal } from '../journal/redis-journal.ts'
import { keysOf, type Keys } from '../keys.ts'

export interface TestJournal {
  readonly journal: RedisJournal
  readonly redis: Redis
  readonly keys: Keys
  advance(ms: number): Promise<void>
  close(): Promise<void>
}

/** The same text for every prefix: a server keeps each script that it was ever sent. */
const CLOCK =
  "local function clock() return tonumber(redis.call('GET', string.match(KEYS[1], '^{[^}]+}:') .. 'clock')) end\n"

/** A journal of its own on the shared Redis, whose scripts read the time from a key that the test moves. */
export async function openTestJournal(
  options: { readonly startMs?: number; readonly retentionMs?: number; readonly prefix?: string } = {},
): Promise<TestJournal> {
  const { startMs = 1_700_000_000_000, prefix = testPrefix(), ...rest } = options
  const keys = keysOf(prefix)
  const redis = new Redis(redisUrl(), { maxRetriesPerRequest: null })
  const clockKey = `${keys.root}clock`
  await redis.set(clockKey, startMs)
  return {
    journal: new RedisJournal({ redis, keys, offerMs: 5_000, clock: CLOCK, ...rest }),
    redis,
    keys,
    async advance(ms) {
      await redis.incrby(clockKey, ms)
    },
    async close() {
      await removeKeys(prefix)
      redis.disconnect()
    },
  }
}
