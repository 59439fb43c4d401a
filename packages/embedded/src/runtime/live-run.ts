import type { RunView } from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'

/** A run that somebody started and this process executes, its child runs, and those who wait for its end. */
export class LiveRun {
  readonly id: string
  readonly plan: Plan
  /** Ids of all runs below it that have been executed here. */
  readonly below = new Set<string>()
  #waiting: PromiseWithResolvers<RunView> | null = null
  #isAtRest = false
  #hasLeft = false
  #holdCount = 0
  #error: Error | null = null

  constructor(id: string, plan: Plan) {
    this.id = id
    this.plan = plan
  }

  /** True once: for whoever takes the run out of memory. Several steps, and a pause, may see the end of a run. */
  leave(): boolean {
    const isFirst = !this.#hasLeft && this.#holdCount === 0
    if (isFirst) this.#hasLeft = true
    return isFirst
  }

  /** It was about to leave, and goes on. */
  stay(): void {
    this.#hasLeft = false
  }

  get hasLeft(): boolean {
    return this.#hasLeft
  }

  /** While somebody acts on the run it does not leave for being paused. */
  async hold<Result>(act: () => Promise<Result>): Promise<Result> {
    this.#holdCount += 1
    try {
      return await act()
    } finally {
      this.#holdCount -= 1
    }
  }

  get isAwaited(): boolean {
    return this.#waiting !== null
  }

  /** Settles with the run; null when it is at rest and the journal is to be asked. */
  result(): Promise<RunView> | null {
    if (this.#error !== null) return Promise.reject(this.#error)
    if (this.#isAtRest) return null
    this.#waiting ??= Promise.withResolvers()
    return this.#waiting.promise
  }

  /** The run is over or paused. @param view null where nobody waits for it */
  rest(view: RunView | null): void {
    this.#isAtRest = true
    if (view !== null) this.#waiting?.resolve(view)
    this.#waiting = null
  }

  /** A paused run that stayed in memory goes on. */
  goOn(): void {
    this.#isAtRest = false
  }

  /** The run cannot go on here; it stands where its last commit left it. */
  lose(error: Error): void {
    this.#isAtRest = true
    this.#error = error
    this.#waiting?.reject(error)
  }
}
