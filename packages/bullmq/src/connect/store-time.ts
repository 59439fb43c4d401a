import type { RedisLink } from './link.ts'

/** Milliseconds since 1970 by the clock of Redis, the only one that all processes share. */
export async function storeTimeMs(redis: Pick<RedisLink, 'time'>): Promise<number> {
  const [seconds, micros] = await redis.time()
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)
}
