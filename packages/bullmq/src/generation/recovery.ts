import { setTimeout as sleep } from 'node:timers/promises'
import {
  endLeftChildren,
  isOver,
  replaySpool,
  type Follower,
  type Journal,
  type Ready,
  type ReplayedRun,
  type ReplayMode,
  type Spool,
} from '@agentloom/engine'
import { compileWorkflow, parseDefinition, type Plan } from '@agentloom/workflow'
import type { RedisLink } from '../connect/link.ts'
import { storeTimeMs } from '../connect/store-time.ts'
import type { Keys } from '../keys.ts'
import { Scripts } from '../script.ts'
import { rootIdOf, shardOf } from '../shards/shard-of.ts'
import type { WorkerEvent } from '../worker/events.ts'
import type { Registry, WorkerEntry } from '../worker/registry.ts'
import type { Generation, Lost } from './generation.ts'
import { areAllAt, STAGES, type Stage } from './waited-for.ts'

const PASS_MS = 100
const NOTE_MS = 1_000
/** Of the notes that workers leave each other while they tell what they know. */
const NOTES_TTL_SECONDS = 300

export interface RecoveryParts {
  readonly redis: RedisLink
  readonly shards: readonly Keys[]
  readonly generations: readonly Generation[]
  readonly registry: Registry
  /** Of this process, in the registry. */
  readonly instance: string
  /** How long an ended run stays in the journal. */
  readonly retentionMs: number
  /** Null: this worker has none, and only sees to it that the gate opens. */
  readonly spool: Spool | null
  /** Not guarded, or it would wait for itself. */
  readonly journal: Journal
  readonly follower: Follower
  readonly emit: (event: WorkerEvent) => void
}

/**
 * A worker's part in filling up a shard that has lost data. All workers merge what their spools know until none has anything
 * new; then each keeps what only makes sense without the rest; the first to see that all are done opens the gate.
 */
export class Recovery {
  readonly #parts: RecoveryParts
  /** The workers as the registry had them: what takes the data takes the registry, too. */
  #fleet: readonly WorkerEntry[] = []

  constructor(parts: RecoveryParts) {
    this.#parts = parts
  }

  /** Now and then, while nothing is lost: who must be waited for when something is. */
  async lookAround(): Promise<void> {
    this.#fleet = await this.#parts.registry.list()
  }

  async recover(keys: Keys, lost: Lost): Promise<void> {
    const { emit } = this.#parts
    if (lost.isShut) emit({ kind: 'data-lost', shard: keys.shard })
    const told = new Told()
    if (!lost.isShut) {
      // Too late to be waited for: what has begun since stays as it is.
      told.add(await this.#replay(keys, 'merge', null))
      told.add(await this.#replay(keys, 'last', null))
      await endLeftChildren(this.#parts.journal, told.filled)
    } else await this.#together(keys, lost, told)
    emit({ kind: 'recovered', shard: keys.shard, ...told.summary() })
  }

  /**
   * Before steps are taken: what was spooled and not committed when the last worker of this home died, and runs that were lost
   * and filled up by others while it was away, or by nobody.
   */
  async catchUp(): Promise<void> {
    for (const keys of this.#parts.shards) {
      const told = new Told()
      const missed = await this.#missed(keys)
      for (const mode of ['merge', 'last'] as const)
        if (missed.size > 0) told.add(await this.#replay(keys, mode, missed))
      told.add(await this.#replay(keys, 'resend', null))
      const summary = told.summary()
      if (summary.runs > 0 || summary.problems.length > 0)
        this.#parts.emit({ kind: 'recovered', shard: keys.shard, ...summary })
    }
  }

  /** Runs that the spool knows from before this generation. Those that have left Redis since as they should are not among them. */
  async #missed(keys: Keys): Promise<ReadonlySet<string>> {
    const { spool, shards, generations, redis, retentionMs } = this.#parts
    const beganMs = generations[keys.shard]?.sinceMs ?? 0
    const oldestMs = (await storeTimeMs(redis)) - retentionMs
    const missed = new Set<string>()
    for (const { runId, touchedAtMs } of (await spool?.runs()) ?? []) {
      const isOurs = shardOf(runId, shards.length) === keys.shard
      if (!isOurs || touchedAtMs >= beganMs || touchedAtMs < oldestMs) continue
      if ((await redis.hexists(keys.away, rootIdOf(runId))) === 0) missed.add(runId)
    }
    return missed
  }

  async #together(keys: Keys, lost: Lost, told: Told): Promise<void> {
    const generation = this.#parts.generations[keys.shard]
    let stage: Stage = 'merging'
    const note = async (next: Stage): Promise<void> => {
      stage = next
      await this.#note(keys, lost, next)
    }
    await note('merging')
    // A pass over thousands of runs takes longer than others wait for somebody who is silent.
    const noting = setInterval(() => void this.#note(keys, lost, stage).catch(() => undefined), NOTE_MS)
    try {
      let open: ReadonlySet<string> | null = null
      for (;;) {
        const replayed = await this.#replay(keys, 'merge', open)
        told.add(replayed)
        open = new Set(replayed.flatMap((run) => (needsOthers(run) ? run.runId : [])))
        const isNew = replayed.some((run) => 'addedCount' in run && run.addedCount > 0)
        await note(isNew ? 'merging' : 'merged')
        if (!isNew && (await this.#areAll(keys, lost, ['merged', 'done']))) break
        await sleep(PASS_MS)
      }
      for (let isNew = true; isNew;) {
        const replayed = await this.#replay(keys, 'last', null)
        told.add(replayed)
        isNew = replayed.some((run) => 'addedCount' in run && run.addedCount > 0)
      }
      await note('done')
      while (!(await this.#areAll(keys, lost, ['done']))) await sleep(PASS_MS)
    } finally {
      clearInterval(noting)
    }
    await endLeftChildren(this.#parts.journal, told.filled)
    await generation?.open(lost.quarantine)
  }

  async #replay(keys: Keys, mode: ReplayMode, only: ReadonlySet<string> | null): Promise<readonly ReplayedRun[]> {
    const { spool, journal, follower, shards, redis } = this.#parts
    if (spool === null) return []
    const isOurs = ({ runId }: { readonly runId: string }): boolean =>
      shardOf(runId, shards.length) === keys.shard && (only === null || only.has(runId))
    const plans = new Map<string, Plan>()
    return replaySpool(
      {
        spool: { runs: async () => (await spool.runs()).filter(isOurs), read: (runId) => spool.read(runId) },
        journal,
        planOf(hash, text) {
          const plan = plans.get(hash) ?? compileWorkflow(parseDefinition(text)).plan
          plans.set(hash, plan)
          return plan
        },
        onReady: (plan, runId, ready) => ring(follower, plan, runId, ready),
        nowMs: await storeTimeMs(redis),
      },
      mode,
    )
  }

  async #note(keys: Keys, { quarantine }: Lost, stage: Stage): Promise<void> {
    const { redis, instance } = this.#parts
    const args = [instance, `${stage} ${quarantine}`, NOTES_TTL_SECONDS]
    await new Scripts(redis).call({ name: 'replayed', keys: [keys.replayed], args })
  }

  async #areAll(keys: Keys, { quarantine, sinceMs }: Lost, stages: readonly Stage[]): Promise<boolean> {
    const { redis, registry } = this.#parts
    const [found, workers, nowMs] = await Promise.all([
      redis.hgetall(keys.replayed),
      registry.list(),
      storeTimeMs(redis),
    ])
    const notes = new Map(
      Object.entries(found).flatMap(([instance, text]) => {
        const [noted, of, atMs] = text.split(' ')
        const stage = STAGES.find((one) => one === noted)
        return stage === undefined || of !== quarantine ? [] : [[instance, { stage, atMs: Number(atMs) }] as const]
      }),
    )
    return areAllAt(stages, { nowMs, sinceMs, notes, workers, before: this.#fleet })
  }
}

/** Rings for what a replay has made ready, and tells of runs that are over. */
export async function ring(follower: Follower, plan: Plan, runId: string, ready: Ready): Promise<void> {
  const label = { plan, priority: 0 }
  if (ready.outcome === 'settled') return follower.follow(label, runId, ready)
  if (isOver(ready.status)) return follower.ended(runId, ready.status)
  await follower.ring(label, ready.offers)
  await follower.decide(label, ready.undecided)
}

/** What other workers tell may let this one tell more. */
function needsOthers(run: ReplayedRun): boolean {
  return run.outcome === 'leaving' || ('waiting' in run && run.waiting.length > 0)
}

/** What a recovery has done, for the log. */
class Told {
  readonly #restored = new Set<string>()
  readonly #lost = new Map<string, readonly string[]>()
  readonly #problems = new Map<string, string>()
  #records = 0

  /** Runs of which the journal lacked something. */
  get filled(): ReadonlySet<string> {
    return this.#restored
  }

  add(replayed: readonly ReplayedRun[]): void {
    for (const run of replayed) {
      if (run.outcome === 'failed') this.#problems.set(run.runId, String(run.error))
      if (run.outcome === 'no-definition') this.#problems.set(run.runId, `its definition ${run.definition} is gone`)
      if (!('addedCount' in run)) continue
      if (run.addedCount > 0) this.#restored.add(run.runId)
      this.#records += run.addedCount
      if (run.lost.length > 0) this.#lost.set(run.runId, run.lost)
    }
  }

  summary(): RecoverySummary {
    return {
      runs: this.#restored.size,
      records: this.#records,
      lost: [...this.#lost].map(([runId, steps]) => ({ runId, steps })),
      problems: [...this.#problems].map(([runId, problem]) => ({ runId, problem })),
    }
  }
}

export interface RecoverySummary {
  /** Runs that were filled up or put back. */
  readonly runs: number
  readonly records: number
  /** Steps that have run and whose results nobody has: they run again. */
  readonly lost: readonly { readonly runId: string; readonly steps: readonly string[] }[]
  /** Runs that could not be put back; what is known of them stays in the spool. */
  readonly problems: readonly { readonly runId: string; readonly problem: string }[]
}
