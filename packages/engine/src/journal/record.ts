import type { ErrorInfo } from '@agentloom/workflow'
import type { RunStatus } from '../ports/journal.ts'

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
    }
  | { readonly kind: 'skipped'; readonly atMs: number; readonly stepId: string; readonly cause: number }
  | {
      readonly kind: 'released'
      readonly atMs: number
      readonly stepId: string
      readonly epoch: number
      readonly reason: string
    }
  | { readonly kind: 'paused'; readonly atMs: number; readonly reason: string }
  | { readonly kind: 'reopened'; readonly atMs: number; readonly reason: string; readonly stepIds: readonly string[] }
  | { readonly kind: 'ended'; readonly atMs: number; readonly status: RunStatus; readonly error: ErrorInfo | null }

export type StepRecord = Extract<JournalRecord, { readonly stepId: string }>
