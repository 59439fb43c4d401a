import type { LiveRun } from './live-run.ts'

/** What this process executes. A child run lives and leaves with the run at the top. */
export class LiveRuns {
  readonly #tops = new Map<string, LiveRun>()
  readonly #topOf = new Map<string, LiveRun>()

  add(run: LiveRun): void {
    this.#tops.set(run.id, run)
  }

  /** @param under the run whose step waits for the child */
  addChild(childRunId: string, under: string): void {
    const top = this.topOf(under)
    if (top === undefined) return
    this.#topOf.set(childRunId, top)
    top.below.add(childRunId)
  }

  /** A run at the top. */
  get(runId: string): LiveRun | undefined {
    return this.#tops.get(runId)
  }

  /** The run at the top of the one that is named. */
  topOf(runId: string): LiveRun | undefined {
    return this.#tops.get(runId) ?? this.#topOf.get(runId)
  }

  remove(run: LiveRun): void {
    if (this.#tops.get(run.id) === run) this.#tops.delete(run.id)
    for (const childRunId of run.below) this.#topOf.delete(childRunId)
  }

  get size(): number {
    return this.#tops.size
  }

  ids(): readonly string[] {
    return [...this.#tops.keys()]
  }

  all(): readonly LiveRun[] {
    return [...this.#tops.values()]
  }
}
