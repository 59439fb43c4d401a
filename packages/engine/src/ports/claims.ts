import type { StepUsage } from '../journal/record.ts'
import type { RunHeader, RunLabel, RunStatus, StepRank } from './runs.ts'
import type { Wait, Wake } from './waits.ts'
import type { ErrorInfo } from '@agentloom/workflow'

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

export interface Note {
  /** JSON text; see execute/notes.ts. */
  readonly text: string
  /** What it cost, or null. */
  readonly usage: StepUsage | null
}

/** `stale`: as for a settlement. */
export type AppendReply = { readonly outcome: 'appended' } | { readonly outcome: 'stale' }

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
