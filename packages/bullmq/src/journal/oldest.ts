import type { RedisLink } from '../connect/link.ts'

export interface StartedRun {
  readonly runId: string
  readonly startedAtMs: number
}

/** Runs of several indexes, those first that were started first: none of the shards stands before another. */
export async function oldestOf(
  redis: RedisLink,
  indexes: readonly string[],
  { limit, afterMs = 0 }: { readonly limit: number; readonly afterMs?: number },
): Promise<readonly StartedRun[]> {
  const lists = await Promise.all(
    indexes.map((index) => redis.zrange(index, `(${afterMs}`, '+inf', 'BYSCORE', 'LIMIT', 0, limit, 'WITHSCORES')),
  )
  const found = lists.flatMap((flat) =>
    flat.flatMap((runId, at) => (at % 2 === 0 ? [{ runId, startedAtMs: Number(flat[at + 1]) }] : [])),
  )
  return found.toSorted((a, b) => a.startedAtMs - b.startedAtMs).slice(0, limit)
}
