/**
 * Ready steps of keyed runs, by pool and key, and whose turn it is: the key that has had least, by its weight, of what a
 * pool has begun (start-time fair queueing). Knows names only; which step may really begin, `turns.ts` finds out. The Lua
 * of `bullmq` (lua/lib/fair.lua) does the same in sorted sets, in the same order.
 *
 * A step waits here from when it is ready until it is begun, whether a bell has been rung for it or not: a bell only brings
 * somebody, who is told whose turn it is. Hence a few bells are enough, however many steps wait.
 *
 * A key with as many slots taken as its limit allows has no turn until one is free.
 */
export class FairQueue {
  /** False where all pools are served from the same places: turns are then taken over all of them. */
  readonly hasPools: boolean
  readonly #lines = new Map<string, Line>()
  readonly #keys = new Map<string, KeyState>()
  #turns = 0

  constructor(hasPools = true) {
    this.hasPools = hasPools
  }

  /** Place of a run that starts among those of its key. */
  nextTurn(): number {
    return (this.#turns += 1)
  }

  /** Names of the pools in which steps have waited. */
  pools(): readonly string[] {
    return [...this.#lines.keys()].toSorted()
  }

  /** The limit and weight of the run that was started last hold for its key, until nothing of the key waits or is at work. */
  setShare(key: string, share: Share): void {
    this.#keyOf(key).share = share
    this.#readmit(key)
  }

  #keep(key: string, share: Share): void {
    if (!this.#keys.has(key)) this.#keys.set(key, { share, slots: new Map() })
  }

  /** Where nothing of the key waits or is at work, nothing is kept of it; and where nothing of any key is, all begin anew. */
  forgetIdle(key: string): void {
    if (this.#keys.get(key)?.slots.size !== 0) return
    for (const line of this.#lines.values()) if (line.ready.has(key)) return
    this.#keys.delete(key)
    if (this.#keys.size > 0) return
    for (const line of this.#lines.values()) {
      line.past.clear()
      line.nowTag = 0
    }
  }

  /** Once, however often it is added. */
  add(place: Place, entry: Entry, share: Share): void {
    this.#keep(place.key, share)
    const line = this.#line(place.pool)
    const ready = line.ready.get(place.key) ?? []
    const at = placeOf(ready, entry)
    if (ready[at]?.member === entry.member) return
    ready.splice(at, 0, entry)
    line.ready.set(place.key, ready)
    this.#admit(line, place.key)
  }

  remove({ pool, key }: Place, entry: Entry): void {
    const line = this.#lines.get(pool)
    const ready = line?.ready.get(key)
    const at = ready === undefined ? 0 : placeOf(ready, entry)
    if (line === undefined || ready?.[at]?.member !== entry.member) return
    ready.splice(at, 1)
    if (ready.length > 0) return
    line.ready.delete(key)
    retire(line, key)
    this.forgetIdle(key)
  }

  /** The first steps of a key. */
  head({ pool, key }: Place, count: number): readonly Entry[] {
    return this.#lines.get(pool)?.ready.get(key)?.slice(0, count) ?? []
  }

  /** Keys that have a turn in the pool, in their order. */
  order(pool: string, count: number): readonly string[] {
    const turns = [...(this.#lines.get(pool)?.turns ?? [])]
    return turns
      .sort((a, b) => a[1] - b[1] || compare(a[0], b[0]))
      .slice(0, count)
      .map(([key]) => key)
  }

  /** Another key has had less than this one. */
  isAheadOf({ pool, key }: Place): boolean {
    const line = this.#line(pool)
    const own = tagOf(line, key)
    for (const [other, tag] of line.turns) if (other !== key && tag < own) return true
    return false
  }

  /** A step of the key begins. */
  charge({ pool, key }: Place, share: Share): void {
    this.#keep(key, share)
    const line = this.#line(pool)
    const begun = tagOf(line, key)
    line.nowTag = Math.max(line.nowTag, begun)
    const next = begun + Math.floor(STRIDE / this.#keyOf(key).share.weight)
    ;(line.turns.has(key) ? line.turns : line.past).set(key, next)
  }

  isFull(key: string): boolean {
    return this.freeSlots(key) === 0
  }

  /** Asking keeps nothing: a key of which nothing is known takes the share of whoever comes next. */
  freeSlots(key: string): number {
    const { share, slots } = this.#keys.get(key) ?? NOTHING_KNOWN
    return share.limit === null ? Infinity : Math.max(0, share.limit - slots.size)
  }

  hasSlot(key: string, member: string): boolean {
    return this.#keys.get(key)?.slots.has(member) ?? false
  }

  takeSlot(key: string, member: string, nowMs: number): void {
    const { slots } = this.#keyOf(key)
    slots.set(member, slots.get(member) ?? nowMs)
    if (this.isFull(key)) for (const line of this.#lines.values()) retire(line, key)
  }

  freeSlot(key: string, member: string): void {
    if (this.#keys.get(key)?.slots.delete(member) !== true) return
    this.#readmit(key)
    this.forgetIdle(key)
  }

  /** Bells under way in a pool. */
  bells(pool: string): Map<string, number> {
    return this.#line(pool).bells
  }

  /** What is known of a key, for people. */
  look(key: string): { readonly share: Share; readonly slots: ReadonlyMap<string, number>; readonly waiting: number } {
    const { share, slots } = this.#keys.get(key) ?? NOTHING_KNOWN
    const waiting = [...this.#lines.values()].reduce((sum, line) => sum + (line.ready.get(key)?.length ?? 0), 0)
    return { share, slots, waiting }
  }

  keys(): readonly string[] {
    return [...this.#keys.keys()].toSorted()
  }

  #readmit(key: string): void {
    if (this.isFull(key)) for (const line of this.#lines.values()) retire(line, key)
    else for (const line of this.#lines.values()) this.#admit(line, key)
  }

  #admit(line: Line, key: string): void {
    if (!line.ready.has(key) || line.turns.has(key) || this.isFull(key)) return
    line.turns.set(key, tagOf(line, key))
    line.past.delete(key)
  }

  #line(pool: string): Line {
    const found = this.#lines.get(pool)
    if (found !== undefined) return found
    const line: Line = { turns: new Map(), past: new Map(), nowTag: 0, ready: new Map(), bells: new Map() }
    this.#lines.set(pool, line)
    return line
  }

  #keyOf(key: string): KeyState {
    const found = this.#keys.get(key)
    if (found !== undefined) return found
    const state: KeyState = { share: { limit: null, weight: 1 }, slots: new Map() }
    this.#keys.set(key, state)
    return state
  }
}

const NOTHING_KNOWN: KeyState = { share: { limit: null, weight: 1 }, slots: new Map() }

export interface Share {
  readonly limit: number | null
  readonly weight: number
}

export interface Place {
  readonly pool: string
  readonly key: string
}

export interface Entry {
  /** `RUN/rank/STEP`: orders the steps of one run. */
  readonly member: string
  /** By priority, then by who started first. */
  readonly score: number
}

/** What a begun step of weight 1 counts. Whole numbers: sums must be the same everywhere. */
export const STRIDE = 1_000_000

interface Line {
  /** Keys with a turn: with ready steps and a free slot. By what they have had. */
  readonly turns: Map<string, number>
  /** What other keys have had. */
  readonly past: Map<string, number>
  /** What the key that began last had had: a newcomer begins here. */
  nowTag: number
  readonly ready: Map<string, Entry[]>
  /** By step for which it was rung: when. */
  readonly bells: Map<string, number>
}

interface KeyState {
  share: Share
  /** By `RUN/STEP`: since when. */
  readonly slots: Map<string, number>
}

function tagOf(line: Line, key: string): number {
  return line.turns.get(key) ?? Math.max(line.past.get(key) ?? 0, line.nowTag)
}

function retire(line: Line, key: string): void {
  const tag = line.turns.get(key)
  if (tag === undefined) return
  line.turns.delete(key)
  line.past.set(key, tag)
}

function placeOf(ready: readonly Entry[], { member, score }: Entry): number {
  let low = 0
  let high = ready.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const entry = ready[middle]
    if (entry !== undefined && (entry.score - score || compare(entry.member, member)) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
