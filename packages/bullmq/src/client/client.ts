import {
  createPlans,
  decideGate,
  Follower,
  forkRun,
  isChildRun,
  migrateRun,
  pauseTree,
  readKept,
  redactRecord,
  signalTree,
  viewRunTree,
  viewTree,
  type TreeParts,
} from '@agentloom/engine'
import type {
  BlobStore,
  DecideReply,
  Decision,
  Explanation,
  ForkReply,
  ForkRun,
  GateDecision,
  JournalRecord,
  KeptRun,
  LoadedRun,
  MigrateReply,
  RestoreReply,
  RunFilter,
  RunHeader,
  RunTransition,
  RunView,
  SignalReply,
  StartOptions,
  StartReply,
} from '@agentloom/engine'
import { fromPlain, writeValue, type Plan } from '@agentloom/workflow'
import type { Queue } from 'bullmq'
import { AwayRuns, type AwayStore } from '../away/away-runs.ts'
import { ReturningJournal } from '../away/returning-journal.ts'
import { connect } from '../connect/connect.ts'
import { ClientClosedError } from '../connect/errors.ts'
import type { StartDurability } from '../start/durability.ts'
import { StartPolicy, type StartPolicyOptions } from '../start/start-policy.ts'
import { guardShards } from '../generation/guard.ts'
import { ShardCountError } from '../shards/errors.ts'
import { fixShardCount } from '../shards/shard-count.ts'
import { openShards } from '../shards/open-shards.ts'
import { shardOf } from '../shards/shard-of.ts'
import { standingOf, type Standing } from '../standing.ts'
import { verifyStored, type VerifiedRun } from '../verify/verify-stored.ts'
import { listWorkers, type WorkerEntry } from '../worker/registry.ts'
import { explain } from './explain.ts'
import { resumeRun } from './resume.ts'
import { slotsOf, type KeyStanding } from './slots.ts'
import { eraseKept, restoreKept } from './whole-runs.ts'
import { startRun } from './start-run.ts'
import { loadAtEnd, waitForEnd, waitForRest, watchEvents, type Watching } from './watching.ts'
import { Wakes } from './wakes.ts'

export interface ClientOptions extends StartPolicyOptions {
  /** `redis://…`, `redis+sentinel://…/NAME` or `redis+cluster://…`; `rediss` for TLS. */
  readonly redis: string
  /** First part of every key. Default `al`. Workers and clients that share runs share it. */
  readonly prefix?: string
  /** Number of shards, fixed when the first run is started. Default: as fixed, else 1. */
  readonly shards?: number
  /** Where values above 32 KiB lie, the same for all who share runs; see `openBlobPlace`. Default: in Redis. */
  readonly blobs?: BlobStore | null
  /** Where runs may lie that have left Redis: `new CheckpointStore(folder)` of `@agentloom/embedded`. Default: workers are asked. */
  readonly checkpoints?: AwayStore
  /** How long the records of an ended run stay in Redis. Default 7 days. */
  readonly retentionMs?: number
  /** Keys and globs whose values views do not show, beside those that each workflow names (AGENTLOOM_REDACT_STATE_KEYS). */
  readonly redact?: readonly string[]
}

/** A record with the cursor that goes on behind it. */
export interface RunEvent {
  /** Give it to `events` as `from` to go on after this record. */
  readonly cursor: number
  readonly record: JournalRecord
}

export interface EventOptions {
  /** Number of records to leave out; a cursor of an earlier event. Default 0. */
  readonly from?: number
  readonly signal?: AbortSignal
}

export interface ResumeRunOptions {
  readonly reason: string
  /** Replaces the workflow's budget, in nano-dollars. */
  readonly budgetNanoUsd?: number
  /** Of gates that wait, or that are reached after this. */
  readonly decisions?: readonly GateDecision[]
  /** Who decides, for the record. */
  readonly by?: string | null
}

export interface StartRunOptions extends StartOptions {
  /** Default: the client's. */
  readonly durability?: StartDurability | undefined
}

/** Which gate, and what was decided: see {@link Client.decide}. */
export type DecideRun = Omit<Decision, 'runId' | 'by'> & { readonly by?: string | null }

/** `nothing`: the run succeeded, there is nothing to run again. `refused`: cancelled, still running, unknown, or changed meanwhile. */
export interface ResumeReply {
  readonly outcome: 'resumed' | 'nothing' | 'refused'
  /** Of the run before this call; null when there is none. */
  readonly status: RunHeader['status'] | null
}

/** Everything that can be done with runs from outside of workers. */
export interface Client {
  /**
   * Starts a run, once: the same id with the same content answers `exists`.
   * @throws {RunIdConflictError} `run/id-conflict` the id stands for another run
   * @throws {StartOptionError} `run/bad-option`
   * @throws {RedisFullError} `redis/full` Redis has no memory left for new work
   * @throws {BacklogError} `run/backlog` {@link MemoryMarkError} `redis/memory-mark`: not started, later it may be
   * @throws {DurabilityUnavailableError} `redis/durability`: not started
   * @throws {DurabilityError} `run/durability`: it is started, but not known to be as safe as was asked for
   */
  start(plan: Plan, options: StartRunOptions): Promise<{ readonly outcome: 'started' | 'exists' }>
  header(runId: string): Promise<RunHeader | null>
  /** The header and the records from `from` (0-based) on. @throws {CorruptJournalError} @throws {NewerFormatError} */
  load(runId: string, from?: number): Promise<LoadedRun | null>
  /** The run as its records tell it, or null when there is none. */
  view(runId: string): Promise<RunView | null>
  /** Why the run waits, or that it works, or how it ended; null when there is none. */
  explain(runId: string): Promise<Explanation | null>
  /** A compiled plan by the hash of its definition. @throws {NoDefinitionError} `run/no-definition` */
  plan(definition: string): Promise<Plan>
  /** Text of a definition by hash, or null. */
  definition(hash: string): Promise<string | null>
  /** The run with all that its journal has, for an export or another Redis; null where there is none. */
  kept(runId: string): Promise<KeptRun | null>
  /** Puts a run that Redis does not have, as `kept` or a checkpoint gave it: it goes on from there. Again is harmless. */
  restore(run: KeptRun): Promise<RestoreReply>
  /**
   * Removes a run with everything that Redis has of it, whatever its status; those below it stay.
   * @returns false where somebody writes to it all the time
   */
  erase(runId: string): Promise<boolean>
  /**
   * Checks a run against the rules of its journal, and what else Redis has of it against its records; null where Redis does
   * not hold it. @throws {CorruptJournalError} @throws {NewerFormatError}
   */
  verify(runId: string): Promise<VerifiedRun | null>
  /** Newest first. */
  list(filter: RunFilter): Promise<readonly RunHeader[]>
  cancel(runId: string, reason: string): Promise<RunTransition>
  pause(runId: string, reason: string): Promise<RunTransition>
  /** @throws {DecisionRefusedError} `run/decision-refused`: nothing has been changed, unless another gate was decided before it */
  resume(runId: string, options: ResumeRunOptions): Promise<ResumeReply>
  /** Decides a gate, also one inside a child run; the run goes on with it. Twice the same is once. */
  decide(runId: string, decision: DecideRun): Promise<DecideReply>
  /**
   * Gives the run a signal, which steps inside it may wait for now or later; the first payload of a name stays.
   * @param payload JSON; default null
   * @throws {StartOptionError} `run/bad-option`: the name @throws {ResultError} the payload is no JSON
   */
  signal(runId: string, name: string, payload?: unknown): Promise<SignalReply>
  /**
   * Starts a new run that takes over what another one has done before a step, at no cost, and runs the rest, perhaps with a
   * changed workflow or state. The other run stays as it is.
   * @throws {RunNotFoundError} `run/not-found` @throws {ForkError} `fork/step`, `fork/state`, `fork/id`
   */
  fork(runId: string, fork: ForkRun): Promise<ForkReply>
  /**
   * Lets a run go on by another definition, where what it has done fits; a paused run stays paused.
   * @throws {RunNotFoundError} `run/not-found` @throws {MigrationRefusedError} `migrate/refused`, with every reason
   */
  migrate(runId: string, to: Plan, options?: { readonly isCheck?: boolean }): Promise<MigrateReply>
  /**
   * Waits until the run is over or paused, by somebody or at a gate; woken, not polled.
   * @throws {RunNotFoundError} `run/not-found`
   */
  waitForRest(runId: string, signal?: AbortSignal): Promise<RunHeader>
  /**
   * Waits until the run is over; woken, not polled. A paused run is not over.
   * @throws {RunNotFoundError} `run/not-found`
   */
  waitForEnd(runId: string, signal?: AbortSignal): Promise<RunHeader>
  /**
   * Waits until the run is over, and gives it as its records tell it.
   * @throws {RunNotFoundError} `run/not-found`
   */
  result(runId: string, signal?: AbortSignal): Promise<RunView>
  /** The run's records as they are written, redacted, from a cursor on, until the run is over. @throws {RunNotFoundError} */
  events(runId: string, options?: EventOptions): AsyncIterable<RunEvent>
  /** Who holds the slots of a concurrency key, or of all keys of which something waits or is at work, and how many steps wait. */
  slots(key?: string): Promise<readonly KeyStanding[]>
  /** The workers that were heard of in the last minutes. */
  workers(): Promise<readonly WorkerEntry[]>
  /** How runs and queues stand. */
  standing(): Promise<Standing>
  /** For Bull Board. Closed with the client. */
  queues(): Promise<readonly Queue[]>
  /** Whether Redis can be reached right now. */
  isReady(): boolean
  /** Twice is harmless. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Connects to the journal. No executors come along.
 * @throws {RedisUrlError} `config/redis-url`
 * @throws {RedisUnreachableError} `redis/unreachable`, within 5 s
 * @throws {RedisConnectError} `redis/auth`, `redis/not-redis`, `redis/unsupported-version`, `redis/eviction-policy`
 * @throws {ShardCountError} `config/shards`
 */
export async function createClient(options: ClientOptions): Promise<Client> {
  const { retentionMs, redact = [], blobs } = options
  const { redis, shards, fleet } = await connect(options)
  const generations = guardShards({ redis, shards, recover: null, hasMemory: async () => false })
  const opened = openShards({ redis, shards, retentionMs, blobs, generations })
  const { journal: own, doorbell, queues, closeQueues, blobs: ownBlobs } = opened
  const away = new AwayRuns(redis, shards)
  const journal = new ReturningJournal(own, away, options.checkpoints ?? null)
  const plans = createPlans((hash) => journal.definition(hash), { redact })
  const follower = new Follower({ journal, doorbell, plans, observe: () => undefined })
  const tree: TreeParts = { journal, plans, follower }
  const whole = { ...tree, now: Date.now }
  const policy = new StartPolicy({ redis, shards, journal }, options)
  const closing = new AbortController()
  const wakes = new Wakes(
    redis,
    shards.flatMap(({ ends, pokes }) => [ends, pokes]),
  )
  const watching: Watching = { journal, wakes, closed: closing.signal }
  let fixed: Promise<number> | null = null
  const fixShards = (): Promise<number> =>
    (fixed ??= fixShardCount({ redis, key: fleet.shards, wanted: shards.length }).catch((error: unknown) => {
      fixed = null
      throw error instanceof ShardCountError && options.shards === undefined
        ? new ShardCountError(`${error.message}: it was fixed after this client had connected`, 'connect again')
        : error
    }))
  const close = async (): Promise<void> => {
    if (closing.signal.aborted) return
    closing.abort(new ClientClosedError())
    wakes.close()
    await closeQueues()
    policy.close()
    redis.disconnect()
  }
  return {
    async start(plan, { durability, ...options }) {
      plans.add(plan)
      await fixShards()
      const start = (): Promise<StartReply['outcome']> => startRun({ journal, doorbell, follower }, plan, options)
      return { outcome: await policy.around(options.runId, start, durability) }
    },
    header: (runId) => journal.header(runId),
    load: (runId, from) => journal.load(runId, from),
    view: (runId) => viewRunTree(journal, plans, runId),
    explain: (runId) => explain({ redis, shards, fleet, journal, plans, queues }, runId),
    plan: (hash) => plans.get(hash),
    definition: (hash) => journal.definition(hash),
    kept: (runId) => readKept(journal, runId),
    restore: async (run) => {
      await fixShards()
      return restoreKept(tree, run)
    },
    erase: (runId) => eraseKept({ journal, blobs: ownBlobs, away }, runId),
    async verify(runId) {
      const keys = shards[shardOf(runId, shards.length)]
      return keys === undefined
        ? null
        : verifyStored({ redis, keys, journal: own, planOf: (hash) => plans.get(hash) }, runId)
    },
    list: (filter) => journal.list(filter),
    async cancel(runId, reason) {
      const transition = await journal.cancel(runId, reason)
      if (isChildRun(runId)) await follower.tellParent(runId)
      return transition
    },
    pause: (runId, reason) => pauseTree(tree, runId, reason),
    resume: (runId, options) => resumeRun(tree, runId, options),
    decide: (runId, { by = null, ...decision }) => decideGate(tree, { runId, by, ...decision }),
    signal: async (runId, name, payload = null) => signalTree(tree, runId, name, writeValue(fromPlain(payload))),
    fork: (runId, fork) => forkRun(whole, runId, fork),
    migrate: (runId, to, options) => migrateRun(whole, runId, to, options),
    waitForRest: (runId, signal) => waitForRest(watching, runId, signal),
    waitForEnd: (runId, signal) => waitForEnd(watching, runId, signal),
    async result(runId, signal) {
      const loaded = await loadAtEnd(watching, runId, signal)
      return viewTree(journal, plans, loaded)
    },
    async *events(runId, options = {}) {
      let plan: Plan | null = null
      for await (const { record, ...cursor } of watchEvents(watching, runId, options)) {
        const header = plan === null ? await journal.header(runId) : null
        if (header !== null) plan = await plans.get(header.definition)
        yield { ...cursor, record: plan === null ? record : redactRecord(plan, record) }
      }
    },
    slots: (key) => slotsOf({ redis, shards, fleet }, key ?? null),
    workers: () => listWorkers(redis, fleet),
    standing: async () => standingOf(redis, { shards, queues: await queues() }),
    queues,
    isReady: () => redis.status === 'ready',
    close,
    [Symbol.asyncDispose]: close,
  }
}
