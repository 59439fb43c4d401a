import { CorruptJournalError, NewerFormatError, type Journal, type Spool, type SpooledRunKey } from '@agentloom/engine'
import type { RedisLink } from '../connect/link.ts'
import { storeTimeMs } from '../connect/store-time.ts'
import type { Generation } from '../generation/generation.ts'
import type { Keys } from '../keys.ts'
import { shardOf } from '../shards/shard-of.ts'
import { fateOf, mayBeIdle, type Standing } from './spool-fate.ts'

export interface SpoolSweepParts {
  readonly redis: RedisLink
  readonly shards: readonly Keys[]
  readonly generations: readonly Generation[]
  readonly spool: Spool
  readonly journal: Pick<Journal, 'header'>
  /** Told of a run before it is looked up: whoever claims a step of it from here on puts it again. */
  readonly forget: (runId: string) => void
}

/** Enough to hide the latency of Redis. */
const LOOKUPS_AT_ONCE = 64

/** Sees to it that a worker's spool forgets what nobody needs any more. */
export class SpoolSweep {
  readonly #parts: SpoolSweepParts
  readonly #removed = new Set<string>()

  constructor(parts: SpoolSweepParts) {
    this.#parts = parts
  }

  /** Somebody has removed the run by hand. */
  removed(runId: string): void {
    this.#removed.add(runId)
  }

  /** Forgets runs that were removed by hand: no loss of data shall bring them back. */
  async dropRemoved(): Promise<void> {
    const removed = new Set(this.#removed)
    if (removed.size === 0) return
    const standings = await this.#standingsOf(({ runId }) => removed.has(runId))
    if (standings === null) return
    await this.#parts.spool.drop([...standings].flatMap(([run, standing]) => (standing === null ? run : [])))
    for (const runId of removed) this.#removed.delete(runId)
  }

  /** Marks runs that need the spool no longer, and forgets those that were marked a while ago (`spool-fate.ts`). */
  async sweep(): Promise<void> {
    const { redis, spool } = this.#parts
    const nowMs = await storeTimeMs(redis)
    const standings = await this.#standingsOf((run) => mayBeIdle(run, nowMs))
    if (standings === null) return
    const fates = Map.groupBy(standings.keys(), (run) => fateOf(run, standings.get(run) ?? null, nowMs))
    const [stays = [], leaves = [], goes = []] = (['stays', 'leaves', 'goes'] as const).map((fate) => fates.get(fate))
    await spool.mark(
      leaves.filter((run) => !isMarked(run)),
      nowMs,
    )
    await spool.mark(stays.filter(isMarked), null)
    await spool.drop(goes)
  }

  /** Null where something was lost while we looked. Runs whose data is damaged are not among them, and stay. */
  async #standingsOf(
    isWanted: (run: SpooledRunKey) => boolean,
  ): Promise<ReadonlyMap<SpooledRunKey, Standing | null> | null> {
    const { generations, spool, forget } = this.#parts
    const before = generations.map(({ value }) => value)
    const runs = (await spool.runs()).filter(isWanted)
    const standings = new Map<SpooledRunKey, Standing | null>()
    const look = async (run: SpooledRunKey): Promise<void> => {
      forget(run.runId)
      const standing = await this.#standingOf(run.runId)
      if (standing !== 'damaged') standings.set(run, standing)
    }
    for (let at = 0; at < runs.length; at += LOOKUPS_AT_ONCE)
      await Promise.all(runs.slice(at, at + LOOKUPS_AT_ONCE).map(look))
    await Promise.all(generations.map((generation) => generation.verify()))
    return generations.every(({ value }, at) => value === before[at]) ? standings : null
  }

  /** Null: it is not in the journal. */
  async #standingOf(runId: string): Promise<Standing | null | 'damaged'> {
    const { redis, shards, journal } = this.#parts
    const unsaved = shards[shardOf(runId, shards.length)]?.unsaved ?? ''
    try {
      const [header, waits] = await Promise.all([journal.header(runId), redis.zscore(unsaved, runId)])
      return header && { ...header, isSaved: waits === null }
    } catch (error) {
      if (error instanceof CorruptJournalError || error instanceof NewerFormatError) return 'damaged'
      throw error
    }
  }
}

function isMarked({ leavingAtMs }: SpooledRunKey): boolean {
  return leavingAtMs !== null
}
