import type { ErrorInfo } from '@agentloom/workflow'
import type { RunStatus, Wait, Wake } from '../ports/journal.ts'

/** Version of the record format: stamped on a run by START; a worker that meets a higher one leaves the run alone. */
export const FORMAT = 1

export interface StepUsage {
  readonly durationMs: number
  readonly tokens: number
  readonly costNanoUsd: number
  readonly model: string | null
  readonly provider: string | null
}

export const NO_USAGE: StepUsage = { durationMs: 0, tokens: 0, costNanoUsd: 0, model: null, provider: null }

/** One entry of a run's journal. Append-only; the fold gives everything else. Times are the store's clock. */
export type JournalRecord =
  | { readonly kind: 'started'; readonly atMs: number }
  /** What follows up to the first claim was taken over from this run, which was left before this step. */
  | {
      readonly kind: 'forked'
      readonly atMs: number
      readonly from: { readonly runId: string; readonly stepId: string }
    }
  /** From here on the run follows another definition; both by hash. */
  | { readonly kind: 'migrated'; readonly atMs: number; readonly from: string; readonly to: string }
  | {
      readonly kind: 'claimed'
      readonly atMs: number
      readonly stepId: string
      readonly epoch: number
      readonly worker: string
    }
  | {
      readonly kind: 'committed'
      readonly atMs: number
      readonly stepId: string
      readonly epoch: number
      readonly usage: StepUsage
      /** JSON text. */
      readonly output: string
    }
  | {
      readonly kind: 'failed'
      readonly atMs: number
      readonly stepId: string
      readonly epoch: number
      readonly status: 'failed' | 'timeout'
      readonly error: ErrorInfo
      readonly usage: StepUsage
      /** Null: for good. */
      readonly retryAtMs: number | null
      /** What a failed child run left, JSON text. */
      readonly output?: string
    }
  | { readonly kind: 'skipped'; readonly atMs: number; readonly stepId: string; readonly cause: number }
  | {
      readonly kind: 'released'
      readonly atMs: number
      readonly stepId: string
      readonly epoch: number
      readonly reason: string
    }
  /** The worker that held this claim died or fell silent. */
  | { readonly kind: 'died'; readonly atMs: number; readonly stepId: string; readonly epoch: number }
  /** Something that happened inside the step: see execute/notes.ts. */
  | {
      readonly kind: 'noted'
      readonly atMs: number
      readonly stepId: string
      readonly epoch: number
      /** JSON text. */
      readonly note: string
      readonly usage: StepUsage | null
    }
  | {
      readonly kind: 'waiting'
      readonly atMs: number
      readonly stepId: string
      readonly epoch: number
      readonly wait: Wait
      readonly usage: StepUsage
      /** When it wakes by itself, or null. */
      readonly untilMs: number | null
    }
  | { readonly kind: 'woken'; readonly atMs: number; readonly stepId: string; readonly wake: Wake }
  /** The child run that the step waits for has this status now. */
  | { readonly kind: 'mirrored'; readonly atMs: number; readonly stepId: string; readonly status: RunStatus }
  | { readonly kind: 'signalled'; readonly atMs: number; readonly name: string; readonly payload: string }
  /** The run would have ended like this; its cleanup step comes first. */
  | { readonly kind: 'closing'; readonly atMs: number; readonly status: RunStatus; readonly error: ErrorInfo | null }
  | { readonly kind: 'paused'; readonly atMs: number; readonly reason: string }
  | { readonly kind: 'reopened'; readonly atMs: number; readonly reason: string; readonly stepIds: readonly string[] }
  | { readonly kind: 'ended'; readonly atMs: number; readonly status: RunStatus; readonly error: ErrorInfo | null }

export type StepRecord = Extract<JournalRecord, { readonly stepId: string }>
