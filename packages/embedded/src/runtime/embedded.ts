import type {
  DecideReply,
  Decision,
  Executors,
  Explanation,
  ForkReply,
  ForkRun,
  GateDecision,
  MigrateReply,
  Observer,
  RunFilter,
  RunHeader,
  RunTransition,
  RunView,
  SignalReply,
  StartOptions,
} from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import { join, resolve } from 'node:path'
import { CheckpointStore } from '../checkpoint/checkpoint-store.ts'
import type { EmbeddedJournal } from '../journal/embedded-journal.ts'
import { openJournal } from '../journal/open-journal.ts'
import { Runtime } from './runtime.ts'

export interface EmbeddedOptions {
  /** Holds `journal.db` and `checkpoints/`; made with mode 0700 when missing, its parents too. */
  readonly folder: string
  readonly executors: Omit<Executors, 'observe'>
  /** Walks at the same time, over all runs: 1 to 10,000, default 64. A walk executes one step at a time. */
  readonly concurrency?: number
  /** Sees every event of this process. Must not throw and must not block. */
  readonly observe?: Observer
  /** Whether runs are also written to `checkpoints/`; default true. Without, `journal.db` is the only place that knows them. */
  readonly checkpoints?: boolean
}

export type EmbeddedStart = Omit<StartOptions, 'runId'> & {
  /** Default: 16 lower-case base-32 characters at random. The same id again answers the same run. */
  readonly runId?: string
}

export interface ResumeRun {
  /** For the record; default `resumed`. */
  readonly reason?: string
  /** Replaces the workflow's budget, nano-dollars. */
  readonly budgetNanoUsd?: number
  /** Of gates that wait, or that are reached after this. */
  readonly decisions?: readonly GateDecision[]
  /** Who decides, for the record. */
  readonly by?: string | null
}

export type DecideRun = Omit<Decision, 'runId' | 'by'> & {
  readonly by?: string | null
  /** Whether a run that no process has goes on here; default true. Else it keeps the decision until it is resumed. */
  readonly goOn?: boolean
}

export interface RunHandle {
  readonly id: string
  /**
   * Resolves when the run is over or paused, by somebody or at a gate; asked again, and later, it answers how the run stands
   * then. A parked run is waited for.
   * @throws {StoreError} when the journal could not be written: the run stands where its last commit left it, and can be resumed
   */
  result(): Promise<RunView>
  cancel(reason?: string): Promise<RunTransition>
  /** Gives up the steps in flight (they are handed back and cost no attempt); the run can be resumed. */
  pause(reason?: string): Promise<RunTransition>
  /** See {@link Embedded.decide}. */
  decide(decision: DecideRun): Promise<DecideReply>
  /** See {@link Embedded.signal}. */
  signal(name: string, payload?: unknown): Promise<SignalReply>
}

export interface ForkedRun extends ForkReply {
  /** Null where it was only checked. */
  readonly handle: RunHandle | null
}

/** Runs workflows in this process, every committed step on disk before its dependents start. */
export interface Embedded extends AsyncDisposable {
  readonly journal: EmbeddedJournal
  /** Why the last checkpoint could not be written, or null. Runs do not fail for it: the journal has them. */
  readonly checkpointProblem: unknown
  /**
   * Resolves when the run is on disk.
   * @throws {NoHandlerError} `run/no-handler` when a step's function is not among the executors
   * @throws {RunIdConflictError} `run/id-conflict`
   * @throws {StoreError}
   */
  start(plan: Plan, options?: EmbeddedStart): Promise<RunHandle>
  /**
   * Goes on with a run that was paused, failed, or whose process died, and with the runs below it: committed steps keep their
   * results, failed ones are tried again, gates get the decisions that are given and wait on otherwise. A run that succeeded
   * stays as it is, and its handle answers at once.
   * @throws {RunNotFoundError} `run/not-found` @throws {RunActiveError} `run/active`: a living process has it
   * @throws {DecisionRefusedError} `run/decision-refused`: nothing has been changed, unless another gate was decided before it
   * @throws {RunCancelledError} `run/cancelled` @throws {CorruptJournalError} `journal/corrupt` @throws {NoHandlerError}
   */
  resume(runId: string, options?: ResumeRun): Promise<RunHandle>
  /**
   * Starts a new run that takes over what another one has done before a step, at no cost, and runs the rest, perhaps with a
   * changed workflow or state. The other run stays as it is.
   * @throws {RunNotFoundError} `run/not-found` @throws {ForkError} `fork/step`, `fork/state`, `fork/id` @throws {NoHandlerError}
   */
  fork(runId: string, fork: ForkRun): Promise<ForkedRun>
  /**
   * Lets a run that no process has go on by another definition, where what it has done fits: `resume` does it then.
   * @throws {RunNotFoundError} `run/not-found` @throws {RunActiveError} `run/active`: pause it first
   * @throws {MigrationRefusedError} `migrate/refused`, with every reason
   */
  migrate(runId: string, to: Plan, options?: { readonly isCheck?: boolean }): Promise<MigrateReply>
  /** As the journal tells it, else its checkpoint; null when neither knows it. */
  view(runId: string): Promise<RunView | null>
  /** Why the run waits, or that it works, or how it ended; null where the journal has no such run. */
  explain(runId: string): Promise<Explanation | null>
  /** Of journal and checkpoints, newest first. */
  runs(filter?: Partial<RunFilter>): Promise<readonly RunHeader[]>
  /** Also of a run that another process has, which then does it within a second. */
  cancel(runId: string, reason?: string): Promise<RunTransition>
  pause(runId: string, reason?: string): Promise<RunTransition>
  /**
   * Decides a gate. A run that no process has goes on here, as by `resume`, unless `goOn` is false.
   * @throws as `resume`, but for `run/decision-refused`
   */
  decide(runId: string, decision: DecideRun): Promise<DecideReply>
  /**
   * Gives the run a signal, which steps inside it may wait for now or later; the first payload of a name stays. A run that no
   * process has keeps it until it is resumed.
   * @param payload JSON; default null
   * @throws {StartOptionError} `run/bad-option`: the name @throws {ResultError} the payload is no JSON
   */
  signal(runId: string, name: string, payload?: unknown): Promise<SignalReply>
  /** Lets steps in flight end for `graceMs` (default 0), hands back the others, and closes the journal. Twice is once. */
  close(options?: { readonly graceMs?: number }): Promise<void>
}

const CONCURRENCY = 64
const CONCURRENCY_MAX = 10_000

/**
 * Opens the folder's journal and executes runs in this process.
 * @throws {StoreError} as {@link openJournal}
 * @throws {RangeError} concurrency out of range
 */
export async function createEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { folder, executors, concurrency = CONCURRENCY, observe = () => undefined, checkpoints = true } = options
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > CONCURRENCY_MAX) {
    throw new RangeError(`concurrency: give a whole number from 1 to ${CONCURRENCY_MAX}`)
  }
  const journal = await openJournal({ folder, now: () => executors.clock.now() })
  const store = new CheckpointStore(join(resolve(folder), 'checkpoints'))
  return new Runtime({ journal, checkpoints: store, writesCheckpoints: checkpoints, executors, concurrency, observe })
}
