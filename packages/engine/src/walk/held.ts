import type { Claim } from '../ports/journal.ts'

/** Why a step in flight is given up. */
export type AbortReason = 'cancel' | 'pause' | 'lost' | 'drain'

/** Tells users' code why its signal fired. */
export class StepAbortedError extends Error {
  override readonly name = 'StepAbortedError'
  readonly reason: AbortReason | 'timeout'
  constructor(reason: AbortReason | 'timeout') {
    super(`the step was given up: ${reason}`)
    this.reason = reason
  }
}

/** A step that this process holds. Its signal is made when somebody asks for it: most steps are over before. */
export class Held {
  readonly claim: Claim
  #reason: AbortReason | 'timeout' | null = null
  #controller: AbortController | null = null
  #wake: (() => void) | null = null
  #onProgress: (() => void) | null = null
  /** What took too long, where it is not the whole attempt. */
  timedOutBy: Error | null = null
  /** What the store or the queue answered when the step asked; null where that is not why it is given up. */
  outage: Error | null = null

  constructor(claim: Claim) {
    this.claim = claim
  }

  get reason(): AbortReason | 'timeout' | null {
    return this.#reason
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.#reason !== null) this.#controller.abort(new StepAbortedError(this.#reason))
    }
    return this.#controller.signal
  }

  /** Resolves when the step is given up. */
  whenAborted(wake: () => void): void {
    this.#wake = wake
    if (this.#reason !== null) wake()
  }

  /** Neither store nor queue can be reached: that is no failure of the step, and its attempt is not burned. */
  giveUp(outage: Error): void {
    this.outage ??= outage
    this.abort('lost')
  }

  /** The step gets on. */
  progress(): void {
    this.#onProgress?.()
  }

  onProgress(tell: (() => void) | null): void {
    this.#onProgress = tell
  }

  timeOut(error: Error): void {
    if (this.#reason === null) this.timedOutBy = error
    this.abort('timeout')
  }

  abort(reason: AbortReason | 'timeout'): void {
    if (this.#reason !== null) return
    this.#reason = reason
    this.#controller?.abort(new StepAbortedError(reason))
    this.#wake?.()
  }
}
