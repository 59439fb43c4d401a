import type {
  AppendReply,
  CancelCode,
  Claim,
  ClaimReply,
  ClaimStep,
  DueOptions,
  EraseReply,
  Journal,
  LoadedRun,
  Note,
  Obligation,
  Offer,
  ReopenReply,
  ReopenRun,
  RestoreReply,
  RestoreRun,
  RunFilter,
  RunHeader,
  RunStatus,
  RunTransition,
  SettleReply,
  SettleStep,
  SignalReply,
  SkipStep,
  SpreadEdges,
  StartReply,
  StartRun,
  WakeReply,
  WakeStep,
  Wish,
} from '@agentloom/engine'
import { DEATHS_MAX } from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import type { RedisLink } from '../connect/link.ts'
import type { Generation } from '../generation/generation.ts'
import type { Keys } from '../keys.ts'
import { Scripts } from '../script.ts'
import { claim } from './claim.ts'
import { due, takeOver } from './due.ts'
import { definition, header, list, load, status } from './read.ts'
import { erase, restore } from './restore.ts'
import { settle, skip, spread } from './settle.ts'
import { start } from './start.ts'
import type { Store } from './store.ts'
import { cancel, heartbeat, pause, release, reopen } from './transitions.ts'
import { trimIndexes } from './trim.ts'
import { Turn } from './turn.ts'
import { append, mirror, notes, signal, wake } from './waits.ts'
import { watch } from './watch.ts'

/** A removed job is found within 5 s: this and a tick of the sweeper. */
const OFFER_MS = 4_000
export const RETENTION_MS = 7 * 24 * 3_600_000

export interface RedisJournalOptions {
  readonly redis: RedisLink
  readonly keys: Keys
  readonly offerMs?: number
  readonly retentionMs?: number
  /** After so many deaths of its workers a step is quarantined. Default 3. */
  readonly deathsMax?: number
  /** Of the data that commands are for. Default: whatever is there. */
  readonly generation?: Generation | undefined
  /** Tests only: Lua that tells the time instead of `lua/lib/time.lua`. */
  readonly clock?: string
}

/**
 * The journal in Redis. Each command is a Lua function that plays in one piece, in chunks where it spreads more edges
 * than a script may; those of one turn of the event loop travel together. The model of all of them is the engine's
 * in-memory journal, with which they are compared on random commands.
 *
 * Keys of a run: `run` hash (header, counters), `steps` hash (step → fence, see lua/lib/cell.lua), `out` hash (step →
 * JSON text), `log` list of records. Keys of the shard: `due` sorted set of obligations, `def:HASH`, `ix:STATUS`.
 */
export class RedisJournal implements Journal {
  readonly #store: Store
  readonly #definitions = new Set<string>()

  constructor({
    redis,
    keys,
    offerMs = OFFER_MS,
    retentionMs = RETENTION_MS,
    deathsMax = DEATHS_MAX,
    generation,
    clock,
  }: RedisJournalOptions) {
    const scripts = new Scripts(redis, clock ?? null, generation ?? null)
    const shared = { scripts, keys: [keys.due, keys.root], args: [offerMs, retentionMs] } as const
    this.#store = {
      redis,
      keys,
      scripts,
      retentionMs,
      offerMs,
      deathsMax,
      turn: new Turn({ ...shared, script: 'turn' }),
      plain: new Turn({ ...shared, script: 'plain' }),
      longWay: new Set(),
      beginning: new Turn({ ...shared, script: 'begin-runs' }),
    }
  }

  /** Whether this journal has started runs of the definition, so that a START needs but one call. */
  hasStarted(definition: string): boolean {
    return this.#definitions.has(definition)
  }

  start(run: StartRun): Promise<StartReply> {
    return start(this.#store, run, this.#definitions)
  }

  claim(command: ClaimStep): Promise<ClaimReply> {
    return claim(this.#store, command)
  }

  settle(command: SettleStep): Promise<SettleReply> {
    return settle(this.#store, command)
  }

  skip(command: SkipStep): Promise<SettleReply> {
    return skip(this.#store, command)
  }

  spread(command: SpreadEdges): Promise<SettleReply> {
    return spread(this.#store, command)
  }

  append(held: Claim, note: Note): Promise<AppendReply> {
    return append(this.#store, held, note)
  }

  notes(runId: string, stepId: string): Promise<readonly string[]> {
    return notes(this.#store, runId, stepId)
  }

  wake(command: WakeStep): Promise<WakeReply> {
    return wake(this.#store, command)
  }

  signal(runId: string, name: string, payload: string): Promise<SignalReply> {
    return signal(this.#store, runId, name, payload)
  }

  mirror(runId: string, stepId: string, childStatus: RunStatus): Promise<RunTransition> {
    return mirror(this.#store, runId, stepId, childStatus)
  }

  release(held: Claim, reason: string): Promise<readonly Offer[]> {
    return release(this.#store, held, reason)
  }

  heartbeat(claims: readonly Claim[], leaseMs: number): Promise<readonly Wish[]> {
    return heartbeat(this.#store, claims, leaseMs)
  }

  cancel(runId: string, reason: string, code: CancelCode = 'run/cancelled'): Promise<RunTransition> {
    return cancel(this.#store, runId, { reason, code })
  }

  pause(runId: string, reason: string): Promise<RunTransition> {
    return pause(this.#store, runId, reason)
  }

  reopen(command: ReopenRun): Promise<ReopenReply> {
    return reopen(this.#store, command)
  }

  takeOver(instance: string): Promise<readonly Obligation[]> {
    return takeOver(this.#store, instance)
  }

  due(limit: number, options?: DueOptions): Promise<readonly Obligation[]> {
    return due(this.#store, limit, options)
  }

  restore(command: RestoreRun, plan: Plan): Promise<RestoreReply> {
    return restore(this.#store, command, plan)
  }

  erase(runId: string, recordCount: number): Promise<EraseReply> {
    return erase(this.#store, runId, recordCount)
  }

  /**
   * Takes a run and all below it out of Redis, whole or not at all; a row of it stays: see `away/away-runs.ts`.
   * @param tree how many records each has, the run at the top first
   */
  async leave(
    row: string,
    createdAtMs: number,
    tree: readonly { readonly runId: string; readonly recordCount: number }[],
  ): Promise<boolean> {
    const root = tree[0]?.runId ?? ''
    const args = [root, row, createdAtMs, ...tree.flatMap(({ runId, recordCount }) => [runId, recordCount])]
    return (await this.#store.turn.send('leave', this.#store.keys.run(root), args))[0] === 1
  }

  load(runId: string, from = 0): Promise<LoadedRun | null> {
    return load(this.#store, runId, from)
  }

  header(runId: string): Promise<RunHeader | null> {
    return header(this.#store, runId)
  }

  /** Cheaper than the header. */
  status(runId: string): Promise<RunStatus | null> {
    return status(this.#store, runId)
  }

  definition(hash: string): Promise<string | null> {
    return definition(this.#store, hash)
  }

  list(filter: RunFilter): Promise<readonly RunHeader[]> {
    return list(this.#store, filter)
  }

  /** See `watch.ts`. */
  watch(runId: string, forMs: number): Promise<RunStatus | null> {
    return watch(this.#store, runId, forMs)
  }

  /** See `trim.ts`. */
  trimIndexes(): Promise<void> {
    return trimIndexes(this.#store)
  }
}
