import type { Plan } from '@agentloom/workflow'
import type { DueOptions, Quarantined, Takeover } from './takeover.ts'
import type { EraseReply, RestoreReply, RestoreRun } from './whole-runs.ts'
import type {
  AppendReply,
  Claim,
  ClaimReply,
  ClaimStep,
  Note,
  Offer,
  SettleReply,
  SettleStep,
  SkipStep,
  SpreadEdges,
  UndecidedStep,
  Wish,
} from './claims.ts'
import type {
  CancelCode,
  LoadedRun,
  ReopenReply,
  ReopenRun,
  RunFilter,
  RunHeader,
  RunLabel,
  RunStatus,
  RunTransition,
  StartReply,
  StartRun,
} from './runs.ts'
import type { SignalReply, WakeReply, WakeStep } from './waits.ts'

export type * from './claims.ts'
export type * from './runs.ts'
export type * from './waits.ts'

/**
 * The durable truth of runs. Times are the store's own clock, never the caller's. Every command may be sent again with
 * the same nonce and is then answered as the first time. Values travel as JSON text that no store looks into.
 *
 * Neighbours: what is ready, skipped or next is decided in `schedule/`; who executes a claim is `walk/`. A journal
 * compares, appends, counts and keeps due times. Invariants: docs/durability.md, I1–I15.
 */
export interface Journal extends Takeover {
  /** Idempotent on run id and content. @throws {RunIdConflictError} the id stands for another run */
  start(run: StartRun): Promise<StartReply>
  /** Takes a step: its epoch rises, the lease begins. Never throws for a bell that comes late; it refuses. */
  claim(command: ClaimStep): Promise<ClaimReply>
  /** Resolves a claimed step or sends it into back-off, spreads the verdicts, and may claim the next one. */
  settle(command: SettleStep): Promise<SettleReply>
  /** Resolves an offered step that must not run. */
  skip(command: SkipStep): Promise<SettleReply>
  /** Goes on spreading the verdicts of a step that was resolved by a worker which died in the middle. */
  spread(command: SpreadEdges): Promise<SettleReply>
  /**
   * Writes down what happened inside a claimed step (a model call, a tool's intent or result, an item). Its usage counts
   * at once, also when the step is cut off later; the settlement's usage names only what no note has named.
   */
  append(claim: Claim, note: Note): Promise<AppendReply>
  /** Texts of a step's notes since it was last reopened, oldest first. Read when a claim's epoch is above 1. */
  notes(runId: string, stepId: string): Promise<readonly string[]>
  /** Gives a waiting step what it waits for, so that it is offered again. Repeating it with the same wake changes nothing. */
  wake(command: WakeStep): Promise<WakeReply>
  /** Keeps a signal for the run: steps that wait for it wake, later ones do not wait. The first payload of a name stays. */
  signal(runId: string, name: string, payload: string): Promise<SignalReply>
  /** A child run of a waiting step paused, parked or went on: its step, and perhaps the run, is shown likewise. */
  mirror(runId: string, stepId: string, childStatus: RunStatus): Promise<RunTransition>
  /** Gives a claim back without burning an attempt; answers what is to be rung for. */
  release(claim: Claim, reason: string): Promise<readonly Offer[]>
  /** Prolongs leases, all in one round trip. Answers in the order of the claims. */
  heartbeat(claims: readonly Claim[], leaseMs: number): Promise<readonly Wish[]>
  /**
   * Ends a run that is not over, and the child runs its steps wait for: nothing starts or commits after it.
   * @param code `run/parent-ended`: of a child run whose parent is over, as if that had taken it along
   */
  cancel(runId: string, reason: string, code?: CancelCode): Promise<RunTransition>
  /** Holds a run: what is in flight may still commit, nothing new is claimed. */
  pause(runId: string, reason: string): Promise<RunTransition>
  /** Lets a paused run go on, or an ended one with the steps that are to run again. Fenced by the run's status and length. */
  reopen(command: ReopenRun): Promise<ReopenReply>
  /**
   * Writes a run in one piece: a new one, or in the place of the one that is there. Claims without an end are given up and
   * offered again; a run that is not over has its whole time-out again. Sent again, it is answered as the first time.
   * @throws {CorruptJournalError} the records are no run of the plan
   */
  restore(command: RestoreRun, plan: Plan): Promise<RestoreReply>
  /**
   * Removes this run alone, with everything that belongs to it; a queue's jobs may stay, they are hints.
   * Child runs stay, and are its own again when it is restored; to be rid of a tree, erase from below. Idempotent.
   */
  erase(runId: string, recordCount: number): Promise<EraseReply>
  /** Overdue obligations, each renewed or fulfilled by this call, at most `limit`. */
  due(limit: number, options?: DueOptions): Promise<readonly Obligation[]>
  /** The run's header and its records from `from` (0-based) on, or null when there is no such run. */
  load(runId: string, from?: number): Promise<LoadedRun | null>
  header(runId: string): Promise<RunHeader | null>
  /** Text of a definition by hash, or null. */
  definition(hash: string): Promise<string | null>
  /** Newest first. */
  list(filter: RunFilter): Promise<readonly RunHeader[]>
}

export type Obligation =
  /** Must be rung for: its bell was lost, its lease ran out, or its back-off is over. */
  | ({ readonly kind: 'offer'; readonly cause: 'bell' | 'lease' | 'retry' } & Offer & RunLabel)
  | ({ readonly kind: 'undecided' } & UndecidedStep & RunLabel)
  /** Resolved, but its edges have not all been spread. */
  | ({ readonly kind: 'edges'; readonly runId: string; readonly stepId: string } & RunLabel)
  /** A step waits for a child run, and it is time to see how that stands: see `mirror` and `wake`. */
  | ({
      readonly kind: 'child'
      readonly runId: string
      readonly stepId: string
      readonly childRunId: string
    } & RunLabel)
  | { readonly kind: 'run-ended'; readonly runId: string; readonly status: RunStatus }
  /** A slot of a key, or (without a step) of a capped run, that nothing held has been given back. */
  | {
      readonly kind: 'slot'
      readonly runId: string
      readonly stepId: string | null
      /** With labels. */
      readonly offers: readonly Offer[]
    }
  | Quarantined
