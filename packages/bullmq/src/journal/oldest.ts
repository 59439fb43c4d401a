import type { RedisLink } from '../connect/link.ts'

/** Runs of several indexes, those first that were started first: none of the shards stands before another. */
export async function oldestOf(
  redis: RedisLink,
  indexes: readonly string[],
  limit: number,
): Promise<readonly string[]> {
  const lists = await Promise.all(indexes.map((index) => redis.zrange(index, 0, String(limit - 1), 'WITHSCORES')))
  const found = lists.flatMap((flat) =>
    flat.flatMap((runId, at) => (at % 2 === 0 ? [{ runId, startedAtMs: Number(flat[at + 1]) }] : [])),
  )
  return found
    .toSorted((a, b) => a.startedAtMs - b.startedAtMs)
    .slice(0, limit)
    .map(({ runId }) => runId)
}
