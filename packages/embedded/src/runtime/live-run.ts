import { viewRun, type LoadedRun, type RunView } from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'

/** A run that this process executes, and those who wait for its end. */
export class LiveRun {
  readonly id: string
  readonly plan: Plan
  #waiting: PromiseWithResolvers<RunView> | null = null
  #isOver = false
  #hasLeft = false
  #error: Error | null = null

  constructor(id: string, plan: Plan) {
    this.id = id
    this.plan = plan
  }

  /** True once: for whoever takes the run out of memory. Several steps, and a pause, may see the end of a run. */
  leave(): boolean {
    const isFirst = !this.#hasLeft
    this.#hasLeft = true
    return isFirst
  }

  get hasLeft(): boolean {
    return this.#hasLeft
  }

  /** Settles with the run; null when it is over here and the journal is to be asked. */
  result(): Promise<RunView> | null {
    if (this.#error !== null) return Promise.reject(this.#error)
    if (this.#isOver) return null
    this.#waiting ??= Promise.withResolvers()
    return this.#waiting.promise
  }

  /** The run is over or paused. The view is made only where somebody waits for it. */
  end(loaded: LoadedRun): void {
    this.#isOver = true
    const waiting = this.#waiting
    if (waiting === null) return
    try {
      waiting.resolve(viewRun(this.plan, loaded))
    } catch (error) {
      waiting.reject(error)
    }
  }

  /** The run cannot go on here; it stands where its last commit left it. */
  lose(error: Error): void {
    this.#isOver = true
    this.#error = error
    this.#waiting?.reject(error)
  }
}
