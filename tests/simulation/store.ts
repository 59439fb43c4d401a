import { MemoryJournal, type Journal, type StartRun } from '@agentloom/engine'
import { drainMicrotasks } from './microtasks.ts'
import type { Timeline } from './timeline.ts'

export type Method = keyof Journal
export type Args<M extends Method> = Parameters<Journal[M]>
export type Reply<M extends Method> = Awaited<ReturnType<Journal[M]>>

const READS: ReadonlySet<Method> = new Set<Method>(['notes', 'load', 'header', 'definition', 'list'])

/** As on BullMQ. */
export const OFFER_MS = 4_000
export const LEASE_MS = 4_000

/** The store that all processes share: the journal, and what was done on it. */
export class Store {
  journal: MemoryJournal
  /** Of every run that was ever started. */
  readonly starts = new Map<string, StartRun>()
  /** It has lost data and takes no command until that is mended. */
  isShut = false
  /** Something was written or read since somebody looked last. */
  isTouched = false
  readonly #timeline: Timeline
  readonly #waiting: (() => void)[] = []
  #written: { readonly atMs: number; readonly execute: () => Promise<unknown> }[] = []
  /** While it is brought back to what it was. */
  #pastMs: number | null = null

  constructor(timeline: Timeline) {
    this.#timeline = timeline
    this.journal = this.#open()
  }

  get nowMs(): number {
    return this.#timeline.nowMs
  }

  /** Once commands pass again. */
  whenOpen(call: () => void): void {
    if (this.isShut) this.#waiting.push(call)
    else call()
  }

  open(): void {
    this.isShut = false
    for (const call of this.#waiting.splice(0)) this.#timeline.after(0, call)
  }

  execute<M extends Method>(method: M, args: Args<M>): Promise<Reply<M>> {
    this.isTouched = true
    if (!READS.has(method)) this.#written.push({ atMs: this.nowMs, execute: () => this.#call(method, args) })
    const [first] = args
    if (method === 'start') {
      const start = first as StartRun // by the method
      if (!this.starts.has(start.runId)) this.starts.set(start.runId, start)
    }
    return this.#call(method, args)
  }

  /** Comes back as it was so many writing commands ago. @returns how many it has forgotten */
  lose(count: number): number {
    const kept = this.#written.slice(0, Math.max(0, this.#written.length - count))
    const forgotten = this.#written.length - kept.length
    this.#written = kept
    this.journal = this.#open()
    for (const { atMs, execute } of kept) {
      this.#pastMs = atMs
      execute().catch(() => undefined)
      drainMicrotasks()
    }
    this.#pastMs = null
    return forgotten
  }

  #call<M extends Method>(method: M, args: Args<M>): Promise<Reply<M>> {
    const call = this.journal[method] as (...given: Args<M>) => Promise<Reply<M>>
    return call.apply(this.journal, args)
  }

  #open(): MemoryJournal {
    return new MemoryJournal({ now: () => this.#pastMs ?? this.#timeline.nowMs, offerMs: OFFER_MS, hasLeases: true })
  }
}
