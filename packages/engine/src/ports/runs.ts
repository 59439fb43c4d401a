import type { JournalRecord } from '../journal/record.ts'
import type { Offer, UndecidedStep, Verdicts } from './claims.ts'
import type { ErrorInfo } from '@agentloom/workflow'

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
