import type { MemoryRuntime } from '@agentloom/engine/testing'

/**
 * Settles a runtime in virtual time, also where code of the test waits for ever: when nothing has happened for `patienceMs` of
 * real time, virtual time goes on to the next deadline.
 */
export async function settleWithPatience(runtime: MemoryRuntime, patienceMs: number): Promise<void> {
  let seen = -1
  const watch = setInterval(() => {
    const count = runtime.events.length
    if (count === seen) runtime.clock.advanceToNext()
    seen = count
  }, patienceMs)
  try {
    await runtime.settle()
  } finally {
    clearInterval(watch)
  }
}
