/** A bell for one waiter: a ring that comes before the waiting is not lost. */
export class WakeUp {
  #isRung = false
  #resolve: (() => void) | null = null

  ring = (): void => {
    this.#isRung = true
    this.#resolve?.()
  }

  /** Resolves at a ring since the last wait. @throws the signal's reason */
  async wait(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (!this.#isRung) {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve
        signal?.addEventListener('abort', this.ring, { once: true })
      })
      signal?.removeEventListener('abort', this.ring)
    }
    this.#isRung = false
    this.#resolve = null
    signal?.throwIfAborted()
  }
}
