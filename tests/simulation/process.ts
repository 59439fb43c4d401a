import type { Clock } from '@agentloom/engine'
import type { Timeline } from './timeline.ts'

/** A process: crashed, it never goes on; stopped, it goes on later with all that came meanwhile. */
export class SimProcess {
  readonly name: string
  isAlive = true
  isStopped = false
  /** How wrong its wall clock is. */
  skewMs = 0
  readonly #timeline: Timeline
  #kept: (() => void)[] = []

  constructor(name: string, timeline: Timeline) {
    this.name = name
    this.#timeline = timeline
  }

  get isRunning(): boolean {
    return this.isAlive && !this.isStopped
  }

  /** Calls inside the process, if it still lives then. The returned function takes it back. */
  after(ms: number, call: () => void): () => void {
    let isWanted = true
    const inside = (): void => {
      if (!isWanted || !this.isAlive) return
      if (this.isStopped) this.#kept.push(inside)
      else call()
    }
    this.#timeline.after(ms, inside)
    return () => {
      isWanted = false
    }
  }

  crash(): void {
    this.isAlive = false
    this.#kept = []
  }

  stop(): void {
    this.isStopped = true
  }

  goOn(): void {
    this.isStopped = false
    const kept = this.#kept
    this.#kept = []
    for (const call of kept) this.#timeline.after(0, call)
  }

  readonly clock: Clock = {
    now: () => this.#timeline.nowMs + this.skewMs,
    monotonic: () => this.#timeline.nowMs,
    after: (ms, call) => this.after(ms, call),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason)
        const cancel = this.after(ms, resolve)
        signal?.addEventListener('abort', () => {
          cancel()
          reject(signal.reason)
        })
      }),
  }
}
