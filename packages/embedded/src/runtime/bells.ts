import type { Bell, Doorbell } from '@agentloom/engine'

/**
 * The queue of this process: bells wait by run, and runs take turns, so that a wide run does not keep the others waiting.
 * It cannot lose a bell without losing the process, hence the journal offers nothing twice.
 */
export class Bells implements Doorbell {
  readonly #concurrency: number
  readonly #serve: (bell: Bell) => Promise<Bell | null>
  /** In the order of their turns: a run whose bell was taken goes to the end. */
  readonly #waiting = new Map<string, Bell[]>()
  readonly #active = new Map<string, number>()
  #activeCount = 0
  #isStopped = false
  #idle: { readonly runId: string | null; readonly wake: () => void }[] = []

  /** @param serve must not reject; answers a bell that is to be served at once in the same place, or null */
  constructor(concurrency: number, serve: (bell: Bell) => Promise<Bell | null>) {
    this.#concurrency = concurrency
    this.#serve = serve
  }

  async ring(bells: readonly Bell[]): Promise<void> {
    if (this.#isStopped) return
    for (const bell of bells) {
      const ofRun = this.#waiting.get(bell.runId)
      if (ofRun === undefined) this.#waiting.set(bell.runId, [bell])
      else ofRun.push(bell)
    }
    this.#pump()
  }

  /** Drops what waits of a run. */
  forget(runId: string): void {
    this.#waiting.delete(runId)
  }

  /** Takes nothing more. */
  stop(): void {
    this.#isStopped = true
    this.#waiting.clear()
  }

  /** Resolves when no walk of the run, or of any, is under way. */
  whenIdle(runId: string | null = null): Promise<void> {
    return new Promise((wake) => {
      if (this.#isIdle(runId)) wake()
      else this.#idle.push({ runId, wake })
    })
  }

  #isIdle(runId: string | null): boolean {
    return runId === null ? this.#activeCount === 0 : !this.#active.has(runId)
  }

  #pump(): void {
    while (this.#activeCount < this.#concurrency) {
      const bell = this.#next()
      if (bell === undefined) return
      this.#begin(bell)
    }
  }

  #begin(bell: Bell): void {
    this.#activeCount += 1
    this.#active.set(bell.runId, (this.#active.get(bell.runId) ?? 0) + 1)
    void this.#serve(bell).then((instead) => {
      if (instead !== null && !this.#isStopped) this.#begin(instead)
      this.#served(bell.runId)
    })
  }

  #next(): Bell | undefined {
    const [turn] = this.#waiting
    if (turn === undefined) return undefined
    const [runId, bells] = turn
    const bell = bells.shift()
    this.#waiting.delete(runId)
    if (bells.length > 0) this.#waiting.set(runId, bells)
    return bell
  }

  #served(runId: string): void {
    this.#activeCount -= 1
    const left = (this.#active.get(runId) ?? 1) - 1
    if (left === 0) this.#active.delete(runId)
    else this.#active.set(runId, left)
    if (this.#idle.length > 0) {
      const woken = this.#idle.filter((waiting) => this.#isIdle(waiting.runId))
      this.#idle = this.#idle.filter((waiting) => !woken.includes(waiting))
      for (const { wake } of woken) wake()
    }
    this.#pump()
  }
}
