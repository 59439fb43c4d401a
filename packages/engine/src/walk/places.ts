/**
 * Places for walks. A job may stand for several walks, and walks are what counts: each takes a place, in the order in
 * which they came.
 */
export class Places {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Takes a place if there is one. */
  take(): boolean {
    if (this.#free === 0) return false
    this.#free -= 1
    return true
  }

  /** Waits for a place at most so many milliseconds; false when none became free. */
  wait(msMax: number): Promise<boolean> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined
      const taken = (): void => {
        clearTimeout(timer)
        resolve(true)
      }
      if (Number.isFinite(msMax))
        timer = setTimeout(() => {
          this.#waiting.splice(this.#waiting.indexOf(taken), 1)
          resolve(false)
        }, msMax)
      this.#waiting.push(taken)
    })
  }

  /** Gives a place back. */
  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }
}
