import { MemoryJournal, type Journal, type StartRun } from '@agentloom/engine'
import type { Timeline } from './timeline.ts'

export type Method = keyof Journal
export type Args<M extends Method> = Parameters<Journal[M]>
export type Reply<M extends Method> = Awaited<ReturnType<Journal[M]>>

/** As on BullMQ. */
export const OFFER_MS = 4_000
export const LEASE_MS = 4_000

/** The store that all processes share: the journal, and what was done on it. */
export class Store {
  journal: MemoryJournal
  /** Of every run that was ever started. */
  readonly starts = new Map<string, StartRun>()
  /** Something was written or read since somebody looked last. */
  isTouched = false
  readonly #timeline: Timeline

  constructor(timeline: Timeline) {
    this.#timeline = timeline
    this.journal = this.#open()
  }

  get nowMs(): number {
    return this.#timeline.nowMs
  }

  execute<M extends Method>(method: M, args: Args<M>): Promise<Reply<M>> {
    this.isTouched = true
    const [first] = args
    if (method === 'start') {
      const start = first as StartRun // by the method
      if (!this.starts.has(start.runId)) this.starts.set(start.runId, start)
    }
    const call = this.journal[method] as (...given: Args<M>) => Promise<Reply<M>>
    return call.apply(this.journal, args)
  }

  #open(): MemoryJournal {
    return new MemoryJournal({ now: () => this.#timeline.nowMs, offerMs: OFFER_MS, hasLeases: true })
  }
}
