import type { ErrorInfo, Plan } from '@agentloom/workflow'
import type { JournalRecord, StepUsage } from '../journal/record.ts'
import type { DueOptions, Quarantined, Takeover } from './takeover.ts'
import type { EraseReply, RestoreReply, RestoreRun } from './whole-runs.ts'

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

/** Default `run/cancelled`: somebody wanted it. */
export type CancelCode = 'run/cancelled' | 'run/parent-ended'

export type RunStatus =
  | 'queued'
  | 'running'
  | 'paused'
  | 'parked'
  | 'success'
  | 'failed'
  | 'timeout'
  | 'budget_exceeded'
  | 'cancelled'

export interface RunHeader {
  readonly runId: string
  readonly workflow: string
  /** Hash of the definition. */
  readonly definition: string
  /** JSON text of the input: laid over the initial state key by key. */
  readonly input: string
  readonly tenant: string | null
  /** 0 (first) to 2,097,151: BullMQ's job priority. */
  readonly priority: number
  readonly tags: readonly string[]
  readonly status: RunStatus
  readonly error: ErrorInfo | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
  /** The version of the record format, see `FORMAT`. */
  readonly format: number
  /** In force: the workflow's, or what a resume or the parent gave. */
  readonly budgetNanoUsd: number | null
  readonly timeoutMs: number | null
  /** The waiting step of which this run is a child; null for a run that somebody started. */
  readonly parent: ParentStep | null
}

export interface ParentStep {
  readonly runId: string
  readonly stepId: string
  /** The top of the tree. */
  readonly rootRunId: string
}

export interface StartRun {
  readonly runId: string
  readonly workflow: string
  readonly definition: string
  /** JSON text, stored once per hash. */
  readonly definitionText: string
  readonly input: string
  readonly tenant: string | null
  readonly priority: number
  readonly tags: readonly string[]
  readonly timeoutMs: number | null
  readonly budgetNanoUsd: number | null
  /** A spent budget parks the run as `awaiting_budget`, instead of ending it. Default false. */
  readonly parksOnBudget?: boolean
  /** Number of the plan's nodes: the run is over when all are resolved. */
  readonly stepCount: number
  /** Steps in flight at most; null where the plan can't exceed its cap, so that nobody counts. */
  readonly cap: number | null
  /** Steps without incoming edges, in the order. */
  readonly roots: readonly StepRank[]
  readonly parent: ParentStep | null
  /**
   * The step that cleans up (compensation, `finally`), or null. It has no edges and is not among `stepCount`: when the
   * run would end, whatever with, this step becomes ready instead, nothing else may start or commit any more, and the run
   * ends with that status once it is resolved.
   */
  readonly cleanup: StepRank | null
  /** Which workers execute which steps. */
  readonly pools: PoolMap
  /** Null: none of its own; a child run then has its parent's. */
  readonly concurrency: RunConcurrency | null
}

/** Steps at work of all runs of one key share a limit, and take turns with those of other keys; see journal/turns.ts. */
export interface RunConcurrency {
  readonly key: string
  readonly limit: number | null
  /** 1 to 1,000: share beside other keys. */
  readonly weight: number
}

export interface PoolMap {
  readonly byDefault: string
  /** Step and pool, of the steps that have another one. */
  readonly others: readonly (readonly [stepId: string, pool: string])[]
}

/** A step and its place in the plan's order. */
export interface StepRank {
  readonly stepId: string
  readonly rank: number
}

export interface StartReply {
  readonly outcome: 'started' | 'exists'
  readonly offers: readonly Offer[]
}

/** A step that may be claimed: what a bell carries. */
export interface Offer {
  readonly runId: string
  readonly stepId: string
  readonly epoch: number
  /** Given where the offer may be of another run than that of the command: turns are taken over all runs of a pool. */
  readonly label?: RunLabel
}

/** Who holds a step. Epoch and nonce fence every later write. */
export interface Claim extends Offer {
  readonly nonce: string
}

export interface ClaimStep {
  readonly offer: Offer
  readonly nonce: string
  readonly worker: string
  readonly leaseMs: number
  /** Steps whose outputs the caller wants along. */
  readonly reads: readonly string[]
  /**
   * The caller takes a step that the next death of a worker would quarantine, and no second one of that kind beside it: so that
   * such a death counts against no other. Default false.
   */
  readonly acceptsSuspect?: boolean
  /** The caller has weighed the causes against the step (an `undecided` answer) and found that it runs. */
  readonly isDecided: boolean
  /** Somebody wants a step that is in back-off now. */
  readonly isRushed?: boolean
}

export type RefusalReason =
  | 'unknown-run'
  | 'run-over'
  | 'run-paused'
  | 'resolved'
  | 'claimed'
  | 'not-ready'
  /** The next death of its worker quarantines it: see `acceptsSuspect`. */
  | 'suspect'
  /** The run has its cap of steps in flight; the step is offered again when one ends. */
  | 'full'
  /** The run's budget is spent: the run has been ended by this call. */
  | 'budget'
  /** The run's budget is spent: the run has been parked by this call. */
  | 'awaiting_budget'
  /** Another key's turn comes first; the step waits for its own. */
  | 'turn'

export type ClaimReply =
  | ({
      readonly outcome: 'claimed'
      readonly header: RunHeader
      /** Bells to be rung in the place of the one that led to this claim. */
      readonly offers: readonly Offer[]
    } & ClaimedStep)
  /** Ready to be decided, but with causes against it: the caller decides, and skips it or claims it with `decided`. */
  | { readonly outcome: 'undecided'; readonly step: UndecidedStep }
  /** `instead`: whose turn it is in the pool; its slot is taken, and the caller is to claim it. */
  | { readonly outcome: 'refused'; readonly reason: RefusalReason; readonly instead?: Offer }

export interface ClaimedStep {
  readonly claim: Claim
  /** 1-based: failures of this visit so far, plus one. */
  readonly attempt: number
  /** 1-based: how often the step was reopened, plus one. */
  readonly visit: number
  /** What ended the step's last wait in this visit; null where it has not waited. */
  readonly wake: Wake | null
  /** In the order of the command's `reads`; null where the step has no output. */
  readonly outputs: readonly (StepOutput | null)[]
}

export interface StepOutput {
  readonly status: 'success' | 'failed'
  /** JSON text. */
  readonly text: string
}

/** What the edges into a step have said, all together; `rank`s are causes of schedule/cause.ts. */
export interface Verdicts {
  /** The smallest cause that an explicit dependency brings, or null. */
  readonly cause: number | null
  /** The lowest layer of the routers among the dependencies that succeeded, or null. */
  readonly voted: number | null
  /** One of those routers chose this step. */
  readonly chosen: boolean
  /** A dependency succeeded and, if it is a router, chose this step. */
  readonly admitted: boolean
}

export interface UndecidedStep extends Offer {
  readonly verdicts: Verdicts
}

/** One outgoing edge of a resolved step with what it says to its target. */
export interface Edge {
  readonly to: StepRank
  /** The target's number of incoming edges: it is ready when as many have come. */
  readonly inDegree: number
  readonly verdicts: Verdicts
}

export interface NextClaim {
  readonly nonce: string
  readonly worker: string
  readonly leaseMs: number
  /** In the order of preference; the first that this command makes ready without a cause against it is claimed. */
  readonly candidates: readonly { readonly stepId: string; readonly reads: readonly string[] }[]
}

export type Settlement =
  /** Frees lease and slot and costs no attempt; refused to nobody, and over at once where what it waits for is there. */
  | { readonly kind: 'wait'; readonly wait: Wait; readonly usage: StepUsage }
  | { readonly kind: 'success'; readonly output: string; readonly usage: StepUsage }
  /** Its `when` is false. See schedule/cause.ts; nothing was spent. */
  | { readonly kind: 'skipped'; readonly cause: number; readonly usage: StepUsage }
  | {
      readonly kind: 'failed' | 'timeout'
      readonly error: ErrorInfo
      readonly usage: StepUsage
      /** What a failed child run leaves for others to see, JSON text; kept as the step's output. */
      readonly output?: string
    }
  | {
      readonly kind: 'retry'
      readonly status: 'failed' | 'timeout'
      readonly error: ErrorInfo
      readonly usage: StepUsage
      readonly delayMs: number
    }

/** What a step waits for without a worker. Durations are milliseconds from the store's now. */
export type Wait =
  /** For a human: the step and, when nothing else is at work, the run are `paused`. */
  | { readonly kind: 'gate'; readonly timeoutMs: number | null }
  | { readonly kind: 'timer'; readonly delayMs: number }
  | { readonly kind: 'signal'; readonly name: string; readonly timeoutMs: number | null }
  /** For the end of a child run, which has been started before. Looked after every `CHILD_CHECK_MS`, should its end be missed. */
  | { readonly kind: 'child'; readonly runId: string }
  /** It can't go on for a typed reason (`no-secret`, `ask`, …) and looks again after `checkMs`, or when it is woken. */
  | { readonly kind: 'parked'; readonly reason: string; readonly message: string; readonly checkMs: number | null }

/** What ends a wait. */
export type Wake =
  /** A gate's answer; checked by the step that gets it. `by`: who, as given. */
  | { readonly kind: 'decided'; readonly decision: string; readonly by: string | null }
  /** JSON text. */
  | { readonly kind: 'signalled'; readonly payload: string }
  /** A timer's end, a gate's or a signal's time-out, or a parked step's next check. */
  | { readonly kind: 'elapsed' }
  | { readonly kind: 'child-ended'; readonly runId: string; readonly status: RunStatus }
  /** Somebody lets a parked step try again; of a quarantined one the deaths are forgotten. `by`: who, as given. */
  | { readonly kind: 'unparked'; readonly by: string | null }

export interface Note {
  /** JSON text; see execute/notes.ts. */
  readonly text: string
  /** What it cost, or null. */
  readonly usage: StepUsage | null
}

/** `stale`: as for a settlement. */
export type AppendReply = { readonly outcome: 'appended' } | { readonly outcome: 'stale' }

export interface WakeStep {
  readonly runId: string
  readonly stepId: string
  readonly wake: Exclude<Wake, { readonly kind: 'elapsed' | 'signalled' }>
}

export type WakeReply =
  | { readonly outcome: 'woken'; readonly offers: readonly Offer[]; readonly label: RunLabel }
  /** `not-waiting`: it waits for nothing of this kind. `decided`: it was woken before, with another answer. */
  | { readonly outcome: 'refused'; readonly reason: 'unknown-run' | 'run-over' | 'not-waiting' | 'decided' }

export type SignalReply =
  /** `isNew` is false where the same payload was there before. */
  | { readonly outcome: 'kept'; readonly isNew: boolean; readonly offers: readonly Offer[]; readonly label: RunLabel }
  | { readonly outcome: 'refused'; readonly reason: 'unknown-run' | 'run-over' | 'signalled-otherwise' }

export interface SettleStep {
  readonly claim: Claim
  readonly rank: number
  readonly settlement: Settlement
  /** Empty for a retry or a wait. */
  readonly edges: readonly Edge[]
  readonly next: NextClaim | null
}

export interface SkipStep {
  readonly offer: Offer
  readonly rank: number
  /** See schedule/cause.ts. */
  readonly cause: number
  readonly edges: readonly Edge[]
  readonly next: NextClaim | null
}

export interface SpreadEdges {
  readonly runId: string
  readonly stepId: string
  readonly edges: readonly Edge[]
}

export type SettleReply =
  /** Claimed again since, resolved otherwise, or the run is over: write nothing more. */
  | { readonly outcome: 'stale' }
  | {
      readonly outcome: 'settled'
      readonly next: ClaimedStep | null
      /** Ready now and not claimed: somebody must ring for them. */
      readonly offers: readonly Offer[]
      readonly undecided: readonly UndecidedStep[]
      readonly runStatus: RunStatus
    }

export type Wish = 'continue' | 'pause' | 'cancel' | 'lost'

export interface RunTransition {
  /** Whether this call did it; a repeat, or a run that is over, changes nothing. */
  readonly isDone: boolean
  readonly status: RunStatus | null
}

export interface ReopenRun {
  readonly runId: string
  /** Number of records that the caller has seen; other writers since then refuse the command. */
  readonly recordCount: number
  readonly reason: string
  /** Steps to be undecided again, with what the edges from resolved steps have already said. */
  readonly reopened: readonly StepStanding[]
  /** Undecided steps below a step of many edges: a store that spreads in chunks may not have counted them all. */
  readonly counted: readonly StepStanding[]
  /** Steps of many edges, which count as spread from here on: a chunk that comes later changes nothing. */
  readonly spread: readonly string[]
  /** Steps that can be claimed or decided right away, reopened or not. */
  readonly ready: readonly StepRank[]
  /** Number of steps that are not resolved after this. */
  readonly unresolvedCount: number
  /** The first failed step that stays failed, for the run's end; default: none does. */
  readonly failure?: { readonly rank: number; readonly error: ErrorInfo } | null
  readonly budgetNanoUsd: number | null
  readonly timeoutMs: number | null
}

/** What the edges into a step amount to. */
export interface StepStanding {
  readonly step: StepRank
  readonly edgeCount: number
  readonly verdicts: Verdicts
}

export type ReopenReply =
  | { readonly outcome: 'reopened'; readonly offers: readonly Offer[]; readonly undecided: readonly UndecidedStep[] }
  | { readonly outcome: 'refused'; readonly status: RunStatus | null }

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

/** What must be known of a run to ring for it. */
export interface RunLabel {
  readonly definition: string
  readonly priority: number
}

export interface LoadedRun {
  readonly header: RunHeader
  readonly records: readonly JournalRecord[]
}

export interface RunFilter {
  /** Any of these; default: all. */
  readonly statuses?: readonly RunStatus[]
  /** Started then or later, milliseconds since 1970. */
  readonly sinceMs?: number
  readonly workflow?: string
  /** Also runs that are children of a step; default false. */
  readonly withChildren?: boolean
  readonly limit: number
}
