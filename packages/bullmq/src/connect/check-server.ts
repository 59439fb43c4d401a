import { Cluster, type Redis } from 'ioredis'
import { RedisConnectError } from './errors.ts'
import type { RedisLink } from './link.ts'
import type { RedisTarget } from './url.ts'

export interface ServerWishes {
  /** Accepts a server that may evict keys when it is full. */
  readonly allowEviction?: boolean | undefined
}

/** Script flags came with 7.0. */
const VERSION_MIN = 7

/** @throws {RedisConnectError} the server can't be used as it is */
export async function checkServer(redis: RedisLink, target: RedisTarget, wishes: ServerWishes): Promise<void> {
  if (!(redis instanceof Cluster)) return checkNode(redis, target, wishes)
  await Promise.all(redis.nodes('master').map((node) => Promise.race([checkNode(node, target, wishes), aWhile()])))
}

/** A node that is away must not keep the others from being used. */
const NODE_MAX_MS = 1_000

function aWhile(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, NODE_MAX_MS).unref()
  })
}

async function checkNode(redis: Redis, { kind, address }: RedisTarget, { allowEviction }: ServerWishes): Promise<void> {
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
  const isNode = field('redis_mode') === 'cluster'
  if (isNode && kind !== 'cluster')
    throw new RedisConnectError(
      'redis/config',
      address,
      'it is a node of a Cluster',
      `write redis+cluster://${address}, one or several of its nodes`,
    )
  if (!isNode && kind === 'cluster')
    throw new RedisConnectError('redis/config', address, 'it is no Cluster', `write redis://${address}`)
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
