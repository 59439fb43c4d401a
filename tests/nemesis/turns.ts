/** Lets many go on at once, or one alone. */
export class Turns {
  #shared = 0
  #alone: Promise<void> | null = null
  #idle = Promise.withResolvers<void>()

  /** With others that share, and never while somebody is alone. */
  async share<T>(work: () => Promise<T>): Promise<T> {
    while (this.#alone !== null) await this.#alone
    this.#shared += 1
    try {
      return await work()
    } finally {
      this.#shared -= 1
      if (this.#shared === 0) this.#idle.resolve()
    }
  }

  /** When nobody else is at it. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#alone !== null) await this.#alone
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#alone = promise
    try {
      while (this.#shared > 0) {
        this.#idle = Promise.withResolvers<void>()
        await this.#idle.promise
      }
      return await work()
    } finally {
      this.#alone = null
      resolve()
    }
  }
}
