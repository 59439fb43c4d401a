import {
  CorruptJournalError,
  Follower,
  NewerFormatError,
  SpooledJournal,
  type EngineEvent,
  type FollowerParts,
  type Journal,
  type Spool,
  type SpooledRunKey,
} from '@agentloom/engine'
import type { ValueJournal } from '../blobs/value-journal.ts'
import type { RedisLink } from '../connect/link.ts'
import { storeTimeMs } from '../connect/store-time.ts'
import type { Generation } from '../generation/generation.ts'
import { guardShards } from '../generation/guard.ts'
import { Recovery } from '../generation/recovery.ts'
import type { Keys } from '../keys.ts'
import { shardOf } from '../shards/shard-of.ts'
import type { WorkerEvent } from './events.ts'
import type { Registry } from './registry.ts'
import { StoreClock } from './store-clock.ts'
import { fateOf, mayBeIdle, type Fate, type Standing } from './spool-fate.ts'

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
  /** Milliseconds. */
  readonly monotonic: () => number
}

/** Enough to hide the latency of Redis. */
const LOOKUPS_AT_ONCE = 64

/** A worker's spool, and its part in the recovery of what Redis has lost. */
export class Spooling {
  readonly generations: readonly Generation[]
  readonly #parts: SpoolingParts
  readonly #spool: SpoolOptions | null
  #spooled: SpooledJournal | null = null
  readonly #clock: StoreClock
  readonly #recovery = Promise.withResolvers<Recovery>()

  constructor(parts: SpoolingParts, spool: SpoolOptions | null) {
    this.#parts = parts
    this.#spool = spool
    this.#clock = new StoreClock(parts.redis, parts.monotonic)
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
        now: () => this.#clock.now(),
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
    await this.#clock.look()
    await Promise.all(this.generations.map((generation) => generation.verify()))
    await (await this.#recovery.promise).catchUp()
  }

  /** Notices a loss also where nothing is to be written; puts again what the disk has refused. */
  async look(): Promise<void> {
    if (!this.isReady) await this.#spooled?.tryAgain()
    await this.#clock.look()
    await Promise.all(this.generations.map((generation) => generation.verify()))
  }

  /** Marks runs that need the spool no longer, and forgets them a while later (`spool-fate.ts`). */
  async sweep(journal: Pick<ValueJournal, 'header'>): Promise<void> {
    if (this.#spool === null) return
    const before = this.generations.map(({ value }) => value)
    const { spool } = this.#spool
    const nowMs = await storeTimeMs(this.#parts.redis)
    const fates = new Map<SpooledRunKey, Fate>()
    const idle = (await spool.runs()).filter((run) => mayBeIdle(run, nowMs))
    const look = async (run: SpooledRunKey): Promise<void> => {
      this.#spooled?.forget(run.runId) // before we look: whoever claims a step from here on puts the run again
      const standing = await this.#standingOf(journal, run.runId)
      if (standing !== 'damaged') fates.set(run, fateOf(run, standing, nowMs))
    }
    for (let at = 0; at < idle.length; at += LOOKUPS_AT_ONCE)
      await Promise.all(idle.slice(at, at + LOOKUPS_AT_ONCE).map(look))
    await Promise.all(this.generations.map((generation) => generation.verify()))
    if (this.generations.some(({ value }, at) => value !== before[at])) return // something was lost while we looked
    const of = (fate: Fate): readonly SpooledRunKey[] => idle.filter((run) => fates.get(run) === fate)
    const isMarked = ({ leavingAtMs }: SpooledRunKey): boolean => leavingAtMs !== null
    await spool.mark(
      of('leaves').filter((run) => !isMarked(run)),
      nowMs,
    )
    await spool.mark(of('stays').filter(isMarked), null)
    await spool.drop(of('goes'))
  }

  /** Null: it has left the journal. */
  async #standingOf(journal: Pick<ValueJournal, 'header'>, runId: string): Promise<Standing | null | 'damaged'> {
    const { redis, shards } = this.#parts
    const unsaved = shards[shardOf(runId, shards.length)]?.unsaved ?? ''
    try {
      const [header, waits] = await Promise.all([journal.header(runId), redis.zscore(unsaved, runId)])
      return header && { ...header, isSaved: waits === null }
    } catch (error) {
      if (error instanceof CorruptJournalError || error instanceof NewerFormatError) return 'damaged'
      throw error
    }
  }

  async #runsOf(shard: number): Promise<readonly string[]> {
    const { shards } = this.#parts
    const runs = (await this.#spool?.spool.runs()) ?? []
    return runs.flatMap(({ runId }) => (shardOf(runId, shards.length) === shard ? runId : []))
  }
}
