/** Calls again and again, never twice at once. Intervals are monotonic: a clock that is set does not stop them. */
export class Ticks {
  readonly #call: () => Promise<void>
  readonly #onError: (error: unknown) => void
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> | null = null

  constructor(everyMs: number, call: () => Promise<void>, onError: (error: unknown) => void) {
    this.#call = call
    this.#onError = onError
    this.#timer = setInterval(() => this.now(), everyMs)
  }

  now(): void {
    this.#running ??= this.#call()
      .catch(this.#onError)
      .finally(() => {
        this.#running = null
      })
  }

  /** Nothing is called after it resolved. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  /** For the case that the call waits for something that will not come. */
  abandon(): void {
    clearInterval(this.#timer)
  }
}
