import type { Clock } from '@agentloom/engine/ports'

/** Time that stands still until a test moves it; a sleep is over at once and written down. */
export interface FakeClock extends Clock {
  readonly slept: readonly number[]
  /** Rings whatever is due within the next `ms`, in order. */
  advance(ms: number): void
  /** How many timers are set. */
  readonly pending: number
}

export function fakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let nowMs = startMs
  const slept: number[] = []
  const timers = new Set<{ readonly at: number; readonly call: () => void }>()
  const nextDue = (untilMs: number) =>
    [...timers].filter(({ at }) => at <= untilMs).sort((one, other) => one.at - other.at)[0]
  return {
    slept,
    now: () => nowMs,
    monotonic: () => nowMs,
    after(ms, call) {
      const timer = { at: nowMs + ms, call }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      slept.push(ms)
      nowMs += ms
    },
    advance(ms) {
      const untilMs = nowMs + ms
      for (let due = nextDue(untilMs); due !== undefined; due = nextDue(untilMs)) {
        nowMs = due.at
        timers.delete(due)
        due.call()
      }
      nowMs = untilMs
    },
    get pending() {
      return timers.size
    },
  }
}
