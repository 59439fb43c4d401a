import type { Redis } from 'ioredis'
import { RedisConnectError } from './errors.ts'

export interface ServerWishes {
  /** Accepts a server that may evict keys when it is full. */
  readonly allowEviction?: boolean | undefined
}

/** Script flags came with 7.0. */
const VERSION_MIN = 7

/** @throws {RedisConnectError} the server can't be used as it is */
export async function checkServer(redis: Redis, address: string, { allowEviction }: ServerWishes): Promise<void> {
  const info = await redis.info()
  const field = (name: string): string | null => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null
  await checkDatabase(redis, address)
  const version = field('redis_version')
  if (version !== null && Number.parseInt(version, 10) < VERSION_MIN) {
    throw new RedisConnectError(
      'redis/unsupported-version',
      address,
      `it is version ${version}`,
      `use Redis ${VERSION_MIN} or newer`,
    )
  }
  if (field('redis_mode') === 'cluster') {
    throw new RedisConnectError(
      'redis/config',
      address,
      'it is a node of a Cluster, which is not served yet',
      'give the URL of a single server',
    )
  }
  const policy = field('maxmemory_policy')
  if (policy !== null && policy !== 'noeviction' && allowEviction !== true) {
    throw new RedisConnectError(
      'redis/eviction-policy',
      address,
      `its maxmemory-policy is ${policy}: a full Redis would throw runs away`,
      'CONFIG SET maxmemory-policy noeviction',
    )
  }
}

/** A client that asks for a database that is not there goes on in database 0 without a word. */
async function checkDatabase(redis: Redis, address: string): Promise<void> {
  const wanted = redis.options.db ?? 0
  const found = / db=(\d+)/.exec(String(await redis.client('INFO')))?.[1]
  if (found === undefined || Number(found) === wanted) return
  throw new RedisConnectError(
    'redis/config',
    address,
    `it has no database ${wanted}`,
    'name a database that the server has, or none',
  )
}
