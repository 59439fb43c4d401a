import type { RunHandle } from '@agentloom/embedded'
import type { Interrupts, Signal } from '../io/interrupts.ts'

/** Listens from before a run begins, so that no signal falls into a gap; pauses the run as soon as there is one. */
export class Stopper implements Disposable {
  #signal: Signal | null = null
  #handle: RunHandle | null = null
  readonly #stopListening: () => void

  constructor(interrupts: Interrupts) {
    this.#stopListening = interrupts.listen((signal) => {
      this.#signal = signal
      this.#pause()
    })
  }

  /** What made the run pause, or null. */
  get signal(): Signal | null {
    return this.#signal
  }

  watch(handle: RunHandle): void {
    this.#handle = handle
    if (this.#signal !== null) this.#pause()
  }

  [Symbol.dispose](): void {
    this.#stopListening()
  }

  #pause(): void {
    // What goes wrong with it shows in the run's own result.
    this.#handle?.pause(this.#signal ?? 'SIGINT').catch(() => undefined)
  }
}
