import type { ErrorInfo } from '@agentloom/workflow'
import type { JournalRecord } from '../journal/record.ts'
import type { RunStatus } from '../ports/journal.ts'

/** How a run ends, or has ended, after its cleanup step; null where it has not come to that since it was reopened. */
export interface Closing {
  readonly status: RunStatus
  readonly error: ErrorInfo | null
}

/** A run that was held while it cleaned up goes on with that when it is reopened; one that was over begins anew. */
export function closingOf(records: readonly JournalRecord[]): Closing | null {
  let closing: Closing | null = null
  let isOver = false
  for (const record of records) {
    if (record.kind === 'closing') closing = { status: record.status, error: record.error }
    if (record.kind === 'reopened' && isOver) closing = null
    if (record.kind === 'ended') isOver = true
    if (record.kind === 'reopened') isOver = false
  }
  return closing
}
