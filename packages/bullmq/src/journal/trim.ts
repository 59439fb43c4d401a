import { isOver } from '@agentloom/engine'
import { redisError } from '../connect/redis-error.ts'
import { storeTimeMs } from '../connect/store-time.ts'
import { runStatus } from './header.ts'
import type { Store } from './store.ts'

/** Oldest entries looked at per status and call. */
const TRIM_MAX = 200

/**
 * Takes runs that have left Redis out of the indexes, the oldest first, which leave first. Any worker may, once a
 * minute or so; without it the index of a busy system would grow for ever unless somebody lists it.
 */
export async function trimIndexes({ redis, keys, retentionMs }: Store): Promise<void> {
  try {
    await redis.zremrangebyscore(keys.unsaved, '-inf', (await storeTimeMs(redis)) - retentionMs)
    const over = runStatus.options.filter(isOver)
    for (const index of over.flatMap((status) => [keys.index(status), keys.childIndex(status)])) {
      const runIds = await redis.zrange(index, 0, String(TRIM_MAX - 1))
      const exist = await Promise.all(runIds.map((runId) => redis.exists(keys.run(runId)[0])))
      const gone = runIds.filter((_, at) => exist[at] === 0)
      if (gone.length > 0) await redis.zrem(index, ...gone)
    }
  } catch (error) {
    throw redisError(error)
  }
}
