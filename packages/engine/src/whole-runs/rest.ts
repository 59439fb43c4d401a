import { closingOf } from '../fold/closing.ts'
import { foldSteps } from '../fold/step-fold.ts'
import { isOver } from '../journal/run-state.ts'
import type { LoadedRun } from '../ports/journal.ts'

/**
 * Whether a run and all below it wait for somebody alone: nothing is at work or ready in them, and nothing in them happens by
 * itself at some time. Pure.
 */
export function restsWhole(tree: readonly LoadedRun[], sinceMs: number): boolean {
  return tree.every((run) => rests(run) && run.header.updatedAtMs <= sinceMs)
}

function rests({ header, records }: LoadedRun): boolean {
  const { runId, status, timeoutMs } = header
  if (isOver(status)) return true
  if (status !== 'paused' && status !== 'parked') return false
  if (closingOf(records) !== null || (status === 'parked' && timeoutMs !== null)) return false
  for (const { status: step, wait, untilMs } of foldSteps(runId, records).values()) {
    if (step === 'running' && wait === null) return false
    if (step === 'backoff' || untilMs !== null) return false
  }
  return true
}
