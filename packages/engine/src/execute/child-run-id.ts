import { createHash } from 'node:crypto'
import type { JournalRecord } from '../journal/record.ts'
import { isKeptBelow } from './kept-decision.ts'

const CHILD_RUN_ID = /^[A-Za-z0-9_.~-]{1,200}$/ // they name files and Redis keys
const DIGEST_CHARACTERS = 32

/** Nobody else's id has a dot. */
export function isChildRun(runId: string): boolean {
  return runId.includes('.')
}

/** `<parent>.<step>`, the following ones of the same step `~2`, `~3`; what a key or a file name could not carry is a digest. */
export function childRunId(
  parent: { readonly runId: string; readonly rootRunId: string },
  stepId: string,
  count: number,
): string {
  const id = `${parent.runId}.${stepId}${count === 1 ? '' : `~${count}`}`
  if (CHILD_RUN_ID.test(id)) return id
  return `${parent.rootRunId}.${createHash('sha256').update(id).digest('hex').slice(0, DIGEST_CHARACTERS)}`
}

/**
 * Which of the step's child runs this visit and attempt is about, from 1: each retry and each reopening has the next one, and
 * where a decision `restarts` the child, each decision kept for what is below the step.
 */
export function childCount(
  records: readonly JournalRecord[],
  stepId: string,
  { restarts }: { readonly restarts: boolean },
): number {
  return records.reduce((count, record) => {
    const isRetry = record.kind === 'failed' && record.stepId === stepId && record.retryAtMs !== null
    const isReopened = record.kind === 'reopened' && record.stepIds.includes(stepId)
    const isRestart = restarts && record.kind === 'signalled' && isKeptBelow(record.name, stepId)
    return isRetry || isReopened || isRestart ? count + 1 : count
  }, 1)
}
