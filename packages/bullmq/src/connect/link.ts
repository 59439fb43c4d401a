import { Cluster, type Redis } from 'ioredis'

/** A connection to a single server (given by its address or found by Sentinels), or to a Cluster. */
export type RedisLink = Redis | Cluster

/** A second connection to the same, with the same options. */
export function duplicate(redis: RedisLink): RedisLink {
  return redis instanceof Cluster ? redis.duplicate() : redis.duplicate()
}
