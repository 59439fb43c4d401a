import {
  Follower,
  isOver,
  SpooledJournal,
  type EngineEvent,
  type FollowerParts,
  type Journal,
  type Spool,
  type SpooledRunKey,
} from '@agentloom/engine'
import type { ValueJournal } from '../blobs/value-journal.ts'
import type { RedisLink } from '../connect/link.ts'
import type { Generation } from '../generation/generation.ts'
import { guardShards } from '../generation/guard.ts'
import { Recovery } from '../generation/recovery.ts'
import type { Keys } from '../keys.ts'
import { shardOf } from '../shards/shard-of.ts'
import type { WorkerEvent } from './events.ts'
import type { Registry } from './registry.ts'

export interface SpoolOptions {
  readonly spool: Spool
  /** See `SpooledJournalOptions`. Default `parallel`. */
  readonly order?: 'parallel' | 'before'
}

export interface SpoolingParts {
  readonly redis: RedisLink
  readonly shards: readonly Keys[]
  readonly registry: Registry
  readonly instance: string
  /** How long an ended run stays in the journal. */
  readonly retentionMs: number
  readonly emit: (event: WorkerEvent) => void
}

/** An ended run stays in the spool until a checkpoint has it, or for this long where nobody writes checkpoints. */
const UNSAVED_MS = 24 * 3_600_000
/** Runs that were at work a moment ago are not asked for. */
const IDLE_MS = 5 * 60_000

/** A worker's spool, and its part in the recovery of what Redis has lost. */
export class Spooling {
  readonly generations: readonly Generation[]
  readonly #parts: SpoolingParts
  readonly #spool: SpoolOptions | null
  #spooled: SpooledJournal | null = null
  readonly #recovery = Promise.withResolvers<Recovery>()

  constructor(parts: SpoolingParts, spool: SpoolOptions | null) {
    this.#parts = parts
    this.#spool = spool
    this.generations = guardShards({
      ...parts,
      recover: async (keys, lost) => (await this.#recovery.promise).recover(keys, lost),
      hasMemory: async ({ shard }) => (await this.#runsOf(shard)).length > 0,
    })
  }

  /**
   * The journal that the worker works on.
   * @param journal guarded by the generations
   * @param unguarded the same, for whoever fills it up while the gate is shut
   */
  around(journal: Journal, unguarded: Journal, { doorbell, plans, observe }: Omit<FollowerParts, 'journal'>): Journal {
    if (this.#spool !== null) {
      const { spool, order = 'parallel' } = this.#spool
      this.#spooled = new SpooledJournal(journal, {
        spool,
        order,
        now: () => Date.now(),
        onFailure: (error) =>
          this.#parts.emit(error === null ? { kind: 'spool-back' } : { kind: 'spool-failed', error }),
      })
    }
    const follower = new Follower({ journal: unguarded, doorbell, plans, observe })
    const spool = this.#spooled?.known ?? null
    this.#recovery.resolve(
      new Recovery({ ...this.#parts, generations: this.generations, spool, journal: unguarded, follower }),
    )
    return this.#spooled ?? journal
  }

  /** The disk takes what is spooled. */
  get isReady(): boolean {
    return this.#spooled?.failure == null
  }

  /** Runs may end by what no step and no claim of ours tells. */
  observe(event: EngineEvent): void {
    if (event.kind === 'run-ended') this.#spooled?.ended(event.runId, event.status)
  }

  /** What this home knows and the journal may lack; before steps are taken. */
  async begin(): Promise<void> {
    await Promise.all(this.generations.map((generation) => generation.verify()))
    await (await this.#recovery.promise).catchUp()
  }

  /** Notices a loss also where nothing is to be written; puts again what the disk has refused. */
  async look(): Promise<void> {
    if (!this.isReady) await this.#spooled?.tryAgain()
    await Promise.all(this.generations.map((generation) => generation.verify()))
  }

  /**
   * Forgets runs that need the spool no longer: those that have left the journal, whose data is whole, and those that are over
   * and saved in a checkpoint, or over for a day.
   */
  async sweep(journal: Pick<ValueJournal, 'status'>): Promise<void> {
    if (this.#spool === null) return
    const before = this.generations.map(({ value }) => value)
    const { spool } = this.#spool
    const { redis, shards } = this.#parts
    const dropped: SpooledRunKey[] = []
    for (const run of await spool.runs()) {
      const { runId } = run
      const idleMs = Date.now() - run.touchedAtMs
      if (idleMs < IDLE_MS) continue
      this.#spooled?.forget(runId) // before we look: whoever claims a step from here on puts the run again
      const status = await journal.status(runId)
      const unsaved = shards[shardOf(runId, shards.length)]?.unsaved ?? ''
      const mayGo =
        status === null || (isOver(status) && (idleMs > UNSAVED_MS || (await redis.zscore(unsaved, runId)) === null))
      if (mayGo) dropped.push(run)
    }
    await Promise.all(this.generations.map((generation) => generation.verify()))
    const isWhole = this.generations.every(({ value }, at) => value === before[at]) // nothing was lost while we looked
    if (isWhole) await spool.drop(dropped)
  }

  async #runsOf(shard: number): Promise<readonly string[]> {
    const { shards } = this.#parts
    const runs = (await this.#spool?.spool.runs()) ?? []
    return runs.flatMap(({ runId }) => (shardOf(runId, shards.length) === shard ? runId : []))
  }
}
