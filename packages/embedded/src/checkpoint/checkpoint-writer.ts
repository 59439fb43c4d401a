import type { Clock, Journal } from '@agentloom/engine'
import type { CheckpointStore } from './checkpoint-store.ts'

/** Runs that wait for their checkpoint. Behind the limit the oldest is left out: the journal has it all the same. */
const WAITING_MAX = 10_000

export interface CheckpointWriterParts {
  readonly journal: Journal
  readonly checkpoints: CheckpointStore
  readonly clock: Clock
  /** Nothing is written. */
  readonly isOff: boolean
}

/** Writes runs from the journal to their checkpoints, one after the other, in the background. */
export class CheckpointWriter {
  readonly #parts: CheckpointWriterParts
  readonly #waiting = new Set<string>()
  /** Time of the last record that a live run's checkpoint holds, milliseconds since 1970. */
  readonly #written = new Map<string, number>()
  #working: Promise<void> | null = null
  #stopRounds: () => void = () => undefined
  #failure: unknown = null

  constructor(parts: CheckpointWriterParts) {
    this.#parts = parts
  }

  /** Only the id waits: what is written is the run as it is when its turn comes. */
  add(runId: string): void {
    if (this.#parts.isOff) return
    this.#waiting.add(runId)
    const oldest = this.#waiting.values().next().value
    if (this.#waiting.size > WAITING_MAX && oldest !== undefined) this.#waiting.delete(oldest)
    this.#working ??= this.#work()
  }

  /** Also writes the live runs, those that have changed, each time that so many milliseconds have passed. */
  everyMs(ms: number, live: () => Iterable<string>): void {
    if (this.#parts.isOff) return
    this.#stopRounds = this.#parts.clock.after(ms, () => {
      void this.#round(live()).finally(() => this.everyMs(ms, live))
    })
  }

  /** Resolves when nothing waits any more. */
  async close(): Promise<void> {
    this.#stopRounds()
    while (this.#working !== null) await this.#working
    this.#stopRounds()
  }

  /** Why the last one could not be written, or null. A checkpoint is a copy: the run does not fail for it. */
  get failure(): unknown {
    return this.#failure
  }

  async #round(live: Iterable<string>): Promise<void> {
    const runs = new Set(live)
    for (const runId of this.#written.keys()) if (!runs.has(runId)) this.#written.delete(runId)
    for (const runId of runs) {
      const updatedAtMs = (await this.#parts.journal.header(runId))?.updatedAtMs ?? 0
      if (this.#written.get(runId) === updatedAtMs) continue
      this.#written.set(runId, updatedAtMs)
      this.add(runId)
    }
  }

  async #work(): Promise<void> {
    const { journal, checkpoints } = this.#parts
    await Promise.resolve() // `#working` is set before this ends
    for (const runId of this.#waiting) {
      this.#waiting.delete(runId)
      try {
        const loaded = await journal.load(runId)
        const text = loaded === null ? null : await journal.definition(loaded.header.definition)
        if (loaded !== null && text !== null) await checkpoints.write(loaded, text)
        this.#failure = null
      } catch (error) {
        this.#failure = error
      }
    }
    this.#working = null
  }
}
