/**
 * How many jobs each of several queues may have in flight, so that all their walks together come near to a number: a queue
 * may take what the others leave, and one job at least, which waits for a place.
 */
export class SharedLoad {
  readonly #walksMax: number
  readonly #shares: Share[] = []
  #walks = 0

  constructor(walksMax: number) {
    this.#walksMax = walksMax
  }

  /** @param allow told how many jobs the queue may have in flight from here on; at first all there may be */
  share(allow: (jobsMax: number) => void): {
    readonly begin: () => void
    readonly end: () => void
    /** Walks that a job brings beside its own, or (a negative number) that are over. */
    readonly walks: (count: number) => void
  } {
    const share: Share = { jobs: 0, allowed: this.#walksMax, allow }
    this.#shares.push(share)
    const change = (jobs: number, walks: number): void => {
      share.jobs += jobs
      this.#walks += walks
      this.#tell()
    }
    return { begin: () => change(1, 1), end: () => change(-1, -1), walks: (count) => change(0, count) }
  }

  #tell(): void {
    for (const share of this.#shares) {
      const allowed = Math.max(1, this.#walksMax - (this.#walks - share.jobs))
      if (allowed === share.allowed) continue
      share.allowed = allowed
      share.allow(allowed)
    }
  }
}

interface Share {
  jobs: number
  allowed: number
  readonly allow: (jobsMax: number) => void
}
