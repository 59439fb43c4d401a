import { isChildRun, type EngineEvent, type JournalRecord, type StepUsage, type Wait } from '@agentloom/engine'
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
  /** For something else than its own work: a human, a time, a signal. */
  | { readonly kind: 'waiting'; readonly stepId: string; readonly wait: Exclude<Wait, { readonly kind: 'child' }> }
  | { readonly kind: 'text'; readonly stepId: string; readonly text: string }
  | { readonly kind: 'log'; readonly stepId: string; readonly message: string }

/** Null for what is not told, as all that happens inside child runs: the step that waits for one is at work meanwhile. */
export function newsOfEvent(event: EngineEvent): News | null {
  if (isChildRun(event.runId)) return null
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
    case 'step-waiting':
      return waitingNews(event.stepId, event.wait)
    case 'webhook': {
      const { stepId, outcome, message } = event
      return outcome === 'success'
        ? null
        : { kind: 'log', stepId, message: `notification not sent: ${message ?? outcome}` }
    }
    case 'child-started':
    case 'step-quarantined':
    case 'run-rested':
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
    case 'waiting':
      return waitingNews(record.stepId, record.wait)
    case 'started':
    case 'forked':
    case 'migrated':
    case 'noted':
    case 'died':
    case 'woken':
    case 'mirrored':
    case 'signalled':
    case 'closing':
    case 'paused':
    case 'reopened':
    case 'ended':
      return null
    default:
      return record satisfies never
  }
}

function waitingNews(stepId: string, wait: Wait): News | null {
  return wait.kind === 'child' ? null : { kind: 'waiting', stepId, wait }
}
