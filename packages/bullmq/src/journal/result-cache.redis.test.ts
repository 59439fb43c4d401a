import type { Cache } from '@agentloom/engine'
import { expect, test } from 'vitest'
import { openTestJournal } from '../testing/open-journal.fixture.ts'
import { RedisCache } from './result-cache.ts'

test('a result is found again by any worker until its time is over', async () => {
  const { redis, keys, close } = await openTestJournal()
  try {
    const cache: Cache = new RedisCache(redis, [keys])
    expect(await cache.get('k')).toBeNull()
    await cache.set('k', '{"ü":1}', 60_000)
    expect(await new RedisCache(redis, [keys]).get('k')).toBe('{"ü":1}')
    expect(await redis.pttl(keys.cached('k'))).toBeLessThanOrEqual(60_000)
    await cache.set('k', '2', null)
    expect(await cache.get('k')).toBe('2')
    expect(await redis.pttl(keys.cached('k'))).toBeGreaterThan(60_000)
  } finally {
    await close()
  }
})
