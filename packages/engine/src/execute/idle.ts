import type { Executors, Attempt } from './attempt.ts'
import { StepIdleError } from './failure.ts'

/**
 * Gives the attempt up when its function has not told for too long that it gets on: a healthy event loop is no progress, and would
 * keep a hung call's lease for ever.
 */
export async function whileNotIdle<Result>(
  { clock }: Pick<Executors, 'clock'>,
  { held, node }: Pick<Attempt, 'held' | 'node'>,
  idleTimeoutMs: number | null,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  if (idleTimeoutMs === null) return run()
  let lastMs = clock.monotonic()
  let disarm = (): void => undefined
  const watch = (waitMs: number): void => {
    disarm = clock.after(waitMs, () => {
      const leftMs = lastMs + idleTimeoutMs - clock.monotonic()
      if (leftMs > 0) watch(leftMs)
      else held.timeOut(new StepIdleError(node.id, idleTimeoutMs))
    })
  }
  held.onProgress(() => {
    lastMs = clock.monotonic()
  })
  watch(idleTimeoutMs)
  try {
    return await run()
  } finally {
    disarm()
    held.onProgress(null)
  }
}
