import { startRedis, TEST_REDIS_MISSING, TEST_REDIS_URL } from '@agentloom/testing'

/** One Redis for the whole run. Without one, the tests that ask for it fail and say why; the others run. */
export default async function startSharedRedis(): Promise<(() => Promise<void>) | undefined> {
  if (process.env[TEST_REDIS_URL]) return undefined // somebody's own server: not ours to stop
  try {
    const redis = await startRedis()
    process.env[TEST_REDIS_URL] = redis.url
    return () => redis.stop()
  } catch (error) {
    process.env[TEST_REDIS_MISSING] = error instanceof Error ? error.message : String(error)
    return undefined
  }
}
