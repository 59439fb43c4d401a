/** Which steps write where, by path without list indexes. Steps are added, and given back, in ascending rank. */
export class Writers {
  readonly #ranks: number[] = []
  // Most paths end at once: a map for each of 100,000 keys would be dear.
  #below: Map<string, Writers> | null = null

  add(path: readonly string[], rank: number): void {
    let at: Writers = this
    for (const key of path) {
      at.#below ??= new Map()
      let next = at.#below.get(key)
      if (next === undefined) at.#below.set(key, (next = new Writers()))
      at = next
    }
    at.#ranks.push(rank)
  }

  /** Calls back for every writer whose path is a prefix of this one, is it, or continues it; ranks below `end` only. */
  overlapping(path: readonly string[], end: number, found: (rank: number) => void): void {
    const at = this.#walk(path, end, found)
    if (at !== null) at.#all(end, found)
  }

  /** The same for paths that are properly shorter. */
  above(path: readonly string[], end: number, found: (rank: number) => void): void {
    this.#walk(path, end, found)
  }

  /** The keys written at the top, for suggestions. */
  get roots(): Iterable<string> {
    return this.#below === null ? [] : this.#below.keys()
  }

  #walk(path: readonly string[], end: number, found: (rank: number) => void): Writers | null {
    let at: Writers = this
    for (const key of path) {
      at.#own(end, found)
      const next = at.#below === null ? undefined : at.#below.get(key)
      if (next === undefined) return null
      at = next
    }
    return at
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
      if (at.#below !== null) for (const below of at.#below.values()) open.push(below)
    }
  }
}
