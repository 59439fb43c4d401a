import type { Clock } from '@agentloom/engine/ports'

/** The longest that one timer of Node can be. */
const TIMER_MAX_MS = 2 ** 31 - 1

/** The machine's own time. The engine has one, too, but this room takes only types from there. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, call) {
    let timer: NodeJS.Timeout
    const wait = (left: number): void => {
      const part = Math.min(left, TIMER_MAX_MS)
      timer = setTimeout(() => (left > part ? wait(left - part) : call()), part)
      timer.unref()
    }
    wait(ms)
    return () => clearTimeout(timer)
  },
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason)
      let timer: NodeJS.Timeout
      const stop = (): void => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      // Unlike `after` it keeps the process alive: somebody awaits it.
      const wait = (left: number): void => {
        const part = Math.min(left, TIMER_MAX_MS)
        timer = setTimeout(() => (left > part ? wait(left - part) : done()), part)
      }
      const done = (): void => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }
      signal?.addEventListener('abort', stop, { once: true })
      wait(ms)
    })
  },
}
