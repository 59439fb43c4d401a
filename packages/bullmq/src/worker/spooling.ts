import {
  Follower,
  SpooledJournal,
  type EngineEvent,
  type FollowerParts,
  type Journal,
  type Spool,
} from '@agentloom/engine'
import type { RedisLink } from '../connect/link.ts'
import type { Generation } from '../generation/generation.ts'
import { guardShards } from '../generation/guard.ts'
import { Recovery } from '../generation/recovery.ts'
import type { Keys } from '../keys.ts'
import { shardOf } from '../shards/shard-of.ts'
import type { WorkerEvent } from './events.ts'
import type { Registry } from './registry.ts'
import { SpoolSweep } from './spool-sweep.ts'
import { StoreClock } from './store-clock.ts'

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

/** A worker that joined or left since is taken for one that is not there, or waited for in vain, for some seconds. */
const LOOK_AROUND_MS = 2_500

/** A worker's spool, and its part in the recovery of what Redis has lost. */
export class Spooling {
  readonly generations: readonly Generation[]
  readonly #parts: SpoolingParts
  readonly #spool: SpoolOptions | null
  #spooled: SpooledJournal | null = null
  #sweep: SpoolSweep | null = null
  readonly #clock: StoreClock
  #lookedAroundAtMs = Number.NEGATIVE_INFINITY
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
      const forget = (runId: string): void => this.#spooled?.forget(runId)
      this.#sweep = new SpoolSweep({ ...this.#parts, generations: this.generations, spool, journal, forget })
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
    if (this.#parts.monotonic() - this.#lookedAroundAtMs < LOOK_AROUND_MS) return
    await (await this.#recovery.promise).lookAround()
    this.#lookedAroundAtMs = this.#parts.monotonic()
  }

  /** What the spool may forget; null without one. */
  get sweep(): SpoolSweep | null {
    return this.#sweep
  }

  async #runsOf(shard: number): Promise<readonly string[]> {
    const { shards } = this.#parts
    const runs = (await this.#spool?.spool.runs()) ?? []
    return runs.flatMap(({ runId }) => (shardOf(runId, shards.length) === shard ? runId : []))
  }
}
