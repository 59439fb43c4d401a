import type { Claims } from '@agentloom/engine'
import type { Worker } from 'bullmq'
import type { RedisLink } from '../connect/link.ts'
import type { Ticks } from './ticks.ts'

export interface Draining {
  readonly workers: readonly Worker[]
  readonly claims: Claims
  readonly ticks: readonly Ticks[]
  readonly redis: RedisLink
  readonly closeQueues: () => Promise<void>
  /** Takes this worker out of the registry. */
  readonly leave: () => Promise<void>
}

/** For handing back and saying good-bye; without Redis neither succeeds, and leases end by themselves. */
const FAREWELL_MS = 3_000

/** Takes nothing new; what is in flight may end for `graceMs`, and is handed back then. */
export async function drain(
  { workers, claims, ticks, redis, closeQueues, leave }: Draining,
  graceMs: number,
): Promise<void> {
  const finished = Promise.all(workers.map((worker) => worker.close())).then(() => true)
  if (!(await within(finished, graceMs))) {
    claims.abort('drain')
    await within(finished, FAREWELL_MS)
  }
  const isDone = await within(
    Promise.all([finished, ...ticks.map((tick) => tick.stop())])
      .then(leave)
      .then(closeQueues)
      .then(() => true),
    FAREWELL_MS,
  )
  if (!isDone) for (const tick of ticks) tick.abandon()
  redis.disconnect()
}

async function within(work: Promise<boolean>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
