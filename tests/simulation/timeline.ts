import type { Dice } from './dice.ts'

interface Entry {
  readonly atMs: number
  /** Decides between entries of one moment. */
  readonly tie: number
  readonly call: () => void
}

/** Virtual time and what is to happen in it. The dice decide between events of one moment. */
export class Timeline {
  nowMs = 1_700_000_000_000
  /** Changes with every event: two worlds of one trace were alike. */
  trace = 0
  readonly #dice: Dice
  /** A binary heap. */
  readonly #entries: Entry[] = []

  constructor(dice: Dice) {
    this.#dice = dice
  }

  after(ms: number, call: () => void): void {
    const entries = this.#entries
    const entry = { atMs: this.nowMs + Math.max(0, ms), tie: this.#dice.next(), call }
    let at = entries.length
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = entries[above]
      if (parent === undefined || !isBefore(entry, parent)) break
      entries[at] = parent
      at = above
    }
    entries[at] = entry
  }

  /** When the next event is to happen, or null. */
  nextMs(): number | null {
    return this.#entries[0]?.atMs ?? null
  }

  /** Lets time pass to the next event, and takes it out. */
  take(): (() => void) | null {
    const entries = this.#entries
    const first = entries[0]
    const last = entries.pop()
    if (first === undefined || last === undefined) return null
    if (entries.length > 0) this.#sink(last)
    this.nowMs = Math.max(this.nowMs, first.atMs)
    this.trace = Math.imul(this.trace ^ (first.tie * 2 ** 32), 0x9e3779b1) ^ (first.atMs >>> 0)
    return first.call
  }

  #sink(entry: Entry): void {
    const entries = this.#entries
    let at = 0
    for (;;) {
      const [left, right] = [entries[2 * at + 1], entries[2 * at + 2]]
      if (left === undefined) break
      const isRight = right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (!isBefore(child, entry)) break
      entries[at] = child
      at = 2 * at + (isRight ? 2 : 1)
    }
    entries[at] = entry
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.tie < b.tie)
}
