import type { StepJob } from '../doorbell/step-job.ts'
import type { ShardedDoorbell } from '../shards/sharded-doorbell.ts'

/**
 * By then this worker waits for jobs behind the others again: Redis serves who has waited longest, and put back at once
 * the job would come to the same worker for ever.
 */
const DELAY_MIN_MS = 100
const DELAY_MAX_MS = 250
/** Afterwards the sweeper offers the step, every few seconds. */
const TRIES_MAX = 2
/** Bells held back at once; the sweeper offers what is more. */
const HELD_MAX = 1_000

/** Rings again, a little later, for steps whose function this worker lacks. A bell that gets lost here is the sweeper's. */
export class RingAgain {
  readonly #doorbell: ShardedDoorbell
  readonly #onError: (error: unknown) => void
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(doorbell: ShardedDoorbell, onError: (error: unknown) => void) {
    this.#doorbell = doorbell
    this.#onError = onError
  }

  later(name: string, job: StepJob, pool: string): void {
    const tries = (job.tries ?? 0) + 1
    if (tries > TRIES_MAX || this.#timers.size >= HELD_MAX) return
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer)
        this.#doorbell.ringAgain(name, { ...job, tries }, pool).catch(this.#onError)
      },
      DELAY_MIN_MS + (DELAY_MAX_MS - DELAY_MIN_MS) * Math.random(),
    )
    this.#timers.add(timer)
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}
