interface Place {
  /** Ascending. */
  readonly ranks: number[]
  // Most paths end at once: a map for each of 100,000 keys would be dear.
  below: Map<string, Place> | null
}

/** Which steps write where, by path without list indexes. Steps are added, and given back, in ascending rank. */
export class Writers {
  readonly #root: Place = { ranks: [], below: null }

  add(path: readonly string[], rank: number): void {
    let at = this.#root
    for (const key of path) {
      at.below ??= new Map()
      let next = at.below.get(key)
      if (next === undefined) at.below.set(key, (next = { ranks: [], below: null }))
      at = next
    }
    at.ranks.push(rank)
  }

  /** Calls back for every writer whose path is a prefix of this one, is it, or continues it; ranks below `end` only. */
  overlapping(path: readonly string[], end: number, found: (rank: number) => void): void {
    const at = this.#walk(path, end, found)
    const open = at === null ? [] : [at]
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      giveBack(place, end, found)
      if (place.below !== null) for (const below of place.below.values()) open.push(below)
    }
  }

  /** The same for paths that are properly shorter. */
  above(path: readonly string[], end: number, found: (rank: number) => void): void {
    this.#walk(path, end, found)
  }

  /** The keys written at the top, for suggestions. */
  get roots(): Iterable<string> {
    return this.#root.below?.keys() ?? []
  }

  #walk(path: readonly string[], end: number, found: (rank: number) => void): Place | null {
    let at = this.#root
    for (const key of path) {
      giveBack(at, end, found)
      const next = at.below?.get(key)
      if (next === undefined) return null
      at = next
    }
    return at
  }
}

function giveBack({ ranks }: Place, end: number, found: (rank: number) => void): void {
  for (const rank of ranks) {
    if (rank >= end) return
    found(rank)
  }
}
