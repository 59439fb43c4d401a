import type { RedisLink } from '../connect/link.ts'

/** Jobs in flight that are looked through; more than all workers of a fleet hold. */
const ACTIVE_MAX = 100_000

export interface Wreck {
  readonly jobId: string
  readonly problem: string
}

/**
 * Removes jobs in flight whose data or options are no JSON. BullMQ fetches such a job and cannot read it: nobody is ever called,
 * its id stays among the active, and is fetched again whenever its lock runs out. What it was the bell of is offered again,
 * like whatever has no bell.
 * @param keyOf of the queue's BullMQ keys
 */
export async function removeWrecks(redis: RedisLink, keyOf: (name: string) => string): Promise<readonly Wreck[]> {
  const removed: Wreck[] = []
  for (const jobId of await redis.lrange(keyOf('active'), 0, ACTIVE_MAX - 1)) {
    const [data = null, options = null] = await redis.hmget(keyOf(jobId), 'data', 'opts')
    const problem = isJson(data) ? (isJson(options) ? null : 'opts: no JSON') : 'data: no JSON'
    if (problem === null) continue
    const isOurs = (await redis.lrem(keyOf('active'), 0, jobId)) > 0 // of several workers that look at once, one removes it
    await redis.srem(keyOf('stalled'), jobId)
    await redis.unlink(keyOf(jobId), `${keyOf(jobId)}:lock`)
    if (isOurs) removed.push({ jobId, problem })
  }
  return removed
}

function isJson(text: string | null): boolean {
  if (text === null) return true // BullMQ takes it for empty
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
