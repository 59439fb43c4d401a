export { type RedisHandle, startRedis } from './redis/redis.ts'
export type { RedisOptions } from './redis/server.ts'
export { expectNoKeys, redisUrl, removeKeys, TEST_REDIS_MISSING, TEST_REDIS_URL, testPrefix } from './redis/shared.ts'
