import type { EngineEvent, JournalRecord, StepUsage } from '@agentloom/engine'
import type { ErrorInfo } from '@agentloom/workflow'

/** What a view tells of a run, whether it happens in this process or is read from a journal. */
export type News =
  | { readonly kind: 'started'; readonly stepId: string; readonly attempt: number | null }
  | { readonly kind: 'committed'; readonly stepId: string; readonly output: string; readonly usage: StepUsage }
  | {
      readonly kind: 'failed'
      readonly stepId: string
      readonly status: 'failed' | 'timeout'
      readonly error: ErrorInfo
      readonly usage: StepUsage
      /** Null: for good. */
      readonly retryInMs: number | null
    }
  | { readonly kind: 'skipped'; readonly stepId: string; readonly reason: string | null }
  | { readonly kind: 'handed-back'; readonly stepId: string }
  | { readonly kind: 'text'; readonly stepId: string; readonly text: string }
  | { readonly kind: 'log'; readonly stepId: string; readonly message: string }

export function newsOfEvent(event: EngineEvent): News | null {
  switch (event.kind) {
    case 'step-started':
      return { kind: 'started', stepId: event.stepId, attempt: event.attempt }
    case 'step-committed':
      return { kind: 'committed', stepId: event.stepId, output: event.output, usage: event.usage }
    case 'step-failed': {
      const { stepId, status, error, usage, retryInMs } = event
      return { kind: 'failed', stepId, status, error, usage, retryInMs }
    }
    case 'step-skipped':
      return { kind: 'skipped', stepId: event.stepId, reason: event.reason }
    case 'step-lost':
      return { kind: 'handed-back', stepId: event.stepId }
    case 'step-text':
      return { kind: 'text', stepId: event.stepId, text: event.text }
    case 'step-log':
      return { kind: 'log', stepId: event.stepId, message: event.message }
    case 'no-handler':
    case 'run-ended':
      return null
    default:
      return event satisfies never
  }
}

export function newsOfRecord(record: JournalRecord): News | null {
  switch (record.kind) {
    case 'claimed':
      return { kind: 'started', stepId: record.stepId, attempt: null }
    case 'committed':
      return { kind: 'committed', stepId: record.stepId, output: record.output, usage: record.usage }
    case 'failed': {
      const { stepId, status, error, usage, retryAtMs, atMs } = record
      return { kind: 'failed', stepId, status, error, usage, retryInMs: retryAtMs === null ? null : retryAtMs - atMs }
    }
    case 'skipped':
      return { kind: 'skipped', stepId: record.stepId, reason: null }
    case 'released':
      return { kind: 'handed-back', stepId: record.stepId }
    case 'started':
    case 'paused':
    case 'reopened':
    case 'ended':
      return null
    default:
      return record satisfies never
  }
}
