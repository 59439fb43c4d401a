/** Which steps write where, by path without list indexes. Steps are added and given back in ascending rank. */
export class Writers {
  readonly #ranks: number[] = []
  readonly #below = new Map<string, Writers>()

  add(path: readonly string[], rank: number): void {
    let at: Writers = this
    for (const key of path) {
      let next = at.#below.get(key)
      if (next === undefined) at.#below.set(key, (next = new Writers()))
      at = next
    }
    at.#ranks.push(rank)
  }

  /** Calls back for every writer whose path is a prefix of this one, is it, or continues it; ranks below `end` only. */
  overlapping(path: readonly string[], end: number, found: (rank: number) => void): void {
    let at: Writers = this
    for (const key of path) {
      at.#own(end, found)
      const next = at.#below.get(key)
      if (next === undefined) return
      at = next
    }
    at.#all(end, found)
  }

  /** The same for paths that are properly shorter. */
  above(path: readonly string[], end: number, found: (rank: number) => void): void {
    let at: Writers = this
    for (const key of path) {
      at.#own(end, found)
      const next = at.#below.get(key)
      if (next === undefined) return
      at = next
    }
  }

  /** The keys written at the top, for suggestions. */
  get roots(): Iterable<string> {
    return this.#below.keys()
  }

  #own(end: number, found: (rank: number) => void): void {
    for (const rank of this.#ranks) {
      if (rank >= end) return
      found(rank)
    }
  }

  #all(end: number, found: (rank: number) => void): void {
    const open: Writers[] = [this]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      at.#own(end, found)
      open.push(...at.#below.values())
    }
  }
}
