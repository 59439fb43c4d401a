import type { Clock } from './ports/clock.ts'

/** The longest wait that the platform's timers take; from here on they fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** The machine's own time. Timers longer than the platform's 24 days are waited for in slices; none keeps a process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, call) {
    let timer: NodeJS.Timeout
    const arm = (left: number): void => {
      const slice = Math.min(left, TIMER_MS_MAX)
      timer = setTimeout(() => (left > slice ? arm(left - slice) : call()), slice)
      timer.unref()
    }
    arm(Math.max(0, ms))
    return () => clearTimeout(timer)
  },
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason)
        return
      }
      const timer = setTimeout(done, Math.min(ms, TIMER_MS_MAX))
      function done(): void {
        signal?.removeEventListener('abort', stop)
        resolve()
      }
      function stop(): void {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', stop, { once: true })
    })
  },
}
