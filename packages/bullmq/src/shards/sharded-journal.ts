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
import type { Plan } from '@agentloom/workflow'
import { LIST_MAX } from '../journal/read.ts'
import { RedisJournal, type RedisJournalOptions } from '../journal/redis-journal.ts'
import type { Generation } from '../generation/generation.ts'
import type { Keys } from '../keys.ts'
import { firstFound } from './first-found.ts'
import { ShardBeats } from './shard-beats.ts'
import { shardOf } from './shard-of.ts'

export interface ShardedJournalOptions extends Omit<RedisJournalOptions, 'keys' | 'generation'> {
  /** Of all shards, in their order. */
  readonly shards: readonly Keys[]
  /** As the shards. Default: whatever data is there. */
  readonly generations?: readonly Generation[] | undefined
}

/**
 * The journal over all shards: each command goes to its run's, what concerns no run is asked of all. Nothing here waits for
 * one shard where it speaks of another, so that a node of a Cluster that is away stops its own runs only.
 */
export class ShardedJournal implements Journal {
  /** By shard. */
  readonly shards: readonly RedisJournal[]
  readonly #beats: ShardBeats
  #turn = 0

  constructor({ shards, generations = [], ...options }: ShardedJournalOptions) {
    this.shards = shards.map((keys, at) => new RedisJournal({ ...options, keys, generation: generations[at] }))
    this.#beats = new ShardBeats(this.shards)
  }

  /** The journal of the shard in which the run lies. */
  of(runId: string): RedisJournal {
    const journal = this.shards[shardOf(runId, this.shards.length)]
    if (journal === undefined) throw new Error('there is no shard')
    return journal
  }

  /** Whether the START of a run of this definition needs but one call. */
  hasStarted(runId: string, definition: string): boolean {
    return this.of(runId).hasStarted(definition)
  }

  start(run: StartRun): Promise<StartReply> {
    return this.of(run.runId).start(run)
  }

  claim(command: ClaimStep): Promise<ClaimReply> {
    return this.of(command.offer.runId).claim(command)
  }

  settle(command: SettleStep): Promise<SettleReply> {
    return this.of(command.claim.runId).settle(command)
  }

  skip(command: SkipStep): Promise<SettleReply> {
    return this.of(command.offer.runId).skip(command)
  }

  spread(command: SpreadEdges): Promise<SettleReply> {
    return this.of(command.runId).spread(command)
  }

  append(held: Claim, note: Note): Promise<AppendReply> {
    return this.of(held.runId).append(held, note)
  }

  notes(runId: string, stepId: string): Promise<readonly string[]> {
    return this.of(runId).notes(runId, stepId)
  }

  wake(command: WakeStep): Promise<WakeReply> {
    return this.of(command.runId).wake(command)
  }

  signal(runId: string, name: string, payload: string): Promise<SignalReply> {
    return this.of(runId).signal(runId, name, payload)
  }

  mirror(runId: string, stepId: string, childStatus: RunStatus): Promise<RunTransition> {
    return this.of(runId).mirror(runId, stepId, childStatus)
  }

  release(held: Claim, reason: string): Promise<readonly Offer[]> {
    return this.of(held.runId).release(held, reason)
  }

  heartbeat(claims: readonly Claim[], leaseMs: number): Promise<readonly Wish[]> {
    return this.#beats.beat(claims, leaseMs)
  }

  cancel(runId: string, reason: string, code?: CancelCode): Promise<RunTransition> {
    return this.of(runId).cancel(runId, reason, code)
  }

  pause(runId: string, reason: string): Promise<RunTransition> {
    return this.of(runId).pause(runId, reason)
  }

  reopen(command: ReopenRun): Promise<ReopenReply> {
    return this.of(command.runId).reopen(command)
  }

  /** The shards take turns at being asked first, so that a flood in one leaves the others their share. */
  async due(limit: number, options?: DueOptions): Promise<readonly Obligation[]> {
    const found: Obligation[] = []
    const first = this.#turn
    this.#turn = (first + 1) % this.shards.length
    for (const shard of [...this.shards.slice(first), ...this.shards.slice(0, first)]) {
      if (found.length >= limit) break
      found.push(...(await shard.due(limit - found.length, options)))
    }
    return found
  }

  /** Who is gone may have held steps anywhere. */
  async takeOver(instance: string): Promise<readonly Obligation[]> {
    return (await Promise.all(this.shards.map((shard) => shard.takeOver(instance)))).flat()
  }

  restore(command: RestoreRun, plan: Plan): Promise<RestoreReply> {
    return this.of(command.start.runId).restore(command, plan)
  }

  erase(runId: string, recordCount: number): Promise<EraseReply> {
    return this.of(runId).erase(runId, recordCount)
  }

  load(runId: string, from?: number): Promise<LoadedRun | null> {
    return this.of(runId).load(runId, from)
  }

  header(runId: string): Promise<RunHeader | null> {
    return this.of(runId).header(runId)
  }

  /** Cheaper than the header. */
  status(runId: string): Promise<RunStatus | null> {
    return this.of(runId).status(runId)
  }

  /** Every shard keeps the definitions of its own runs. */
  definition(hash: string): Promise<string | null> {
    return firstFound(this.shards.map((shard) => shard.definition(hash)))
  }

  async list(filter: RunFilter): Promise<readonly RunHeader[]> {
    const lists = await Promise.all(this.shards.map((shard) => shard.list(filter)))
    const [only] = lists
    if (only !== undefined && lists.length === 1) return only
    const limit = Math.min(filter.limit, LIST_MAX)
    return lists
      .flat()
      .toSorted((a, b) => b.createdAtMs - a.createdAtMs)
      .slice(0, limit)
  }

  watch(runId: string, forMs: number): Promise<RunStatus | null> {
    return this.of(runId).watch(runId, forMs)
  }
}
