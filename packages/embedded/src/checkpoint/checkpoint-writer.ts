import type { Journal } from '@agentloom/engine'
import type { CheckpointStore } from './checkpoint-store.ts'

/** Runs that wait for their file. Behind the limit the oldest is left out: the journal has it all the same. */
const WAITING_MAX = 10_000

/** Writes runs from the journal to their checkpoint files, one after the other, in the background. */
export class CheckpointWriter {
  readonly #journal: Journal
  readonly #store: CheckpointStore
  readonly #waiting = new Set<string>()
  #working: Promise<void> | null = null
  #failure: unknown = null

  constructor(journal: Journal, store: CheckpointStore) {
    this.#journal = journal
    this.#store = store
  }

  /** Only the id waits: what is written is the run as it is when its turn comes. */
  add(runId: string): void {
    this.#waiting.add(runId)
    const oldest = this.#waiting.values().next().value
    if (this.#waiting.size > WAITING_MAX && oldest !== undefined) this.#waiting.delete(oldest)
    this.#working ??= this.#work()
  }

  /** Resolves when nothing waits. */
  async settled(): Promise<void> {
    while (this.#working !== null) await this.#working
  }

  /** Why the last file could not be written, or null. A checkpoint is a copy: the run does not fail for it. */
  get failure(): unknown {
    return this.#failure
  }

  async #work(): Promise<void> {
    await Promise.resolve() // `#working` is set before this ends
    for (const runId of this.#waiting) {
      this.#waiting.delete(runId)
      try {
        const loaded = await this.#journal.load(runId)
        const text = loaded === null ? null : await this.#journal.definition(loaded.header.definition)
        if (loaded !== null && text !== null) await this.#store.write(loaded, text)
        this.#failure = null
      } catch (error) {
        this.#failure = error
      }
    }
    this.#working = null
  }
}
