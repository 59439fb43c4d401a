import type { Clock } from '@agentloom/engine'

/** Longer timers of Node ring at once. Whoever is woken early finds nothing due, and asks for the rest of the time. */
const WAIT_MS_MAX = 24 * 60 * 60_000

/** One timer for the earliest of all due times. */
export class Alarm {
  readonly #clock: Clock
  readonly #ring: () => void
  #atMs: number | null = null
  #disarm: (() => void) | null = null

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** Rings at `atMs` (milliseconds since 1970), or earlier if that was asked for before. */
  notLaterThan(atMs: number | null): void {
    if (atMs === null || (this.#atMs !== null && this.#atMs <= atMs)) return
    this.stop()
    this.#atMs = atMs
    const waitMs = Math.min(Math.max(0, atMs - this.#clock.now()), WAIT_MS_MAX)
    this.#disarm = this.#clock.after(waitMs, () => {
      this.#atMs = null
      this.#disarm = null
      this.#ring()
    })
  }

  stop(): void {
    this.#disarm?.()
    this.#disarm = null
    this.#atMs = null
  }
}
