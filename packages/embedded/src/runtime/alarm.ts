import type { Clock } from '@agentloom/engine'

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
    this.#disarm = this.#clock.after(Math.max(0, atMs - this.#clock.now()), () => {
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
