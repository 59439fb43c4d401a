import type { ErrorInfo } from '@agentloom/workflow'
import type { CancelCode, Offer, RunStatus, RunTransition } from '../ports/journal.ts'
import type { CommandContext } from './context.ts'
import { offerAgainAt, offerOf } from './offer.ts'
import { cellOf, isOver, type RunState } from './run-state.ts'
import { leaveAll } from './turns.ts'

/**
 * Ends a run, or, where it has a cleanup step that has not run, lets that one begin: it is then due at once, for not every
 * command that ends a run can answer an offer ({@link offersOfCleanup} are for those that can).
 */
export function endRun(run: RunState, status: RunStatus, error: ErrorInfo | null, ctx: CommandContext): void {
  const { runId, cleanup } = run.start
  const isFirst = run.closing === null // else the cleanup, too, has cost something
  const reason = status === 'budget_exceeded' && isFirst ? budgetError(run.spentNanoUsd, run.budgetNanoUsd ?? 0) : error
  ctx.due.clear(runId, null)
  run.updatedAtMs = ctx.nowMs
  if (run.closing === null) leaveAll(run, ctx)
  endChildren(run, status, ctx)
  if (cleanup === null || run.closing !== null) {
    run.status = status
    run.error = reason
    run.records.push({ kind: 'ended', atMs: ctx.nowMs, status, error: reason })
    return
  }
  run.closing = { status, error: reason }
  run.isHeld = false
  run.awaitsBudget = false
  run.status = 'running'
  run.records.push({ kind: 'closing', atMs: ctx.nowMs, status, error: reason })
  const cell = cellOf(run, cleanup.stepId, cleanup.rank)
  cell.status = 'ready'
  ctx.due.set(runId, cell.stepId, ctx.nowMs)
}

/** The cleanup step has been resolved. A run that succeeded and could not clean up has failed. */
export function endCleaned(run: RunState, failure: ErrorInfo | null, ctx: CommandContext): void {
  if (run.closing === null) throw new Error('a cleanup without an end')
  const { status, error } = run.closing
  if (status === 'success' && failure !== null) endRun(run, 'failed', failure, ctx)
  else endRun(run, status, error, ctx)
}

/** The cleanup step, where it may be claimed. */
export function offersOfCleanup(run: RunState, ctx: CommandContext): readonly Offer[] {
  const cell = run.closing === null ? undefined : run.cells.get(run.start.cleanup?.stepId ?? '')
  if (cell?.status !== 'ready' || run.isHeld || isOver(run.status)) return []
  ctx.due.clear(run.start.runId, cell.stepId)
  offerAgainAt(run, cell, ctx)
  return [offerOf(run, cell)]
}

/** Where a run cleans up after a cancel, a second one changes nothing: the first may have lost its answer. */
export function cancel(
  run: RunState,
  { reason, code }: { readonly reason: string; readonly code: CancelCode },
  ctx: CommandContext,
): RunTransition {
  return cut(run, { code, message: reason, place: null, help: null }, ctx)
}

/** A child run whose parent is over when it begins. */
export function endWithParent(run: RunState, parent: RunState, ctx: CommandContext): void {
  const ending = isOver(parent.status) ? parent.status : (parent.closing?.status ?? parent.status)
  cut(run, parentEndedError(ending), ctx)
}

function cut(run: RunState, error: ErrorInfo, ctx: CommandContext): RunTransition {
  if (isOver(run.status) || run.closing !== null) return { isDone: false, status: run.status }
  endRun(run, 'cancelled', error, ctx)
  return { isDone: true, status: run.status }
}

/** Only an end that is not that of its steps finds child runs at work, also such as were begun a moment ago and nobody waits for yet. */
function endChildren(run: RunState, status: RunStatus, ctx: CommandContext): void {
  if (run.closing !== null || status === 'success' || status === 'failed') return
  for (const child of ctx.childrenOf(run.start.runId)) {
    if (isOver(child.status)) continue
    ctx.changed.push({ run: child, from: child.records.length })
    cut(child, parentEndedError(status), ctx)
  }
}

export function parentEndedError(status: RunStatus): ErrorInfo {
  return { code: 'run/parent-ended', message: `its parent run ended: ${status}`, place: null, help: null }
}

export const BUDGET_EXCEEDED = 'run/budget-exceeded'

export function budgetError(spentNanoUsd: number, budgetNanoUsd: number): ErrorInfo {
  const usd = (nano: number): string => `$${(nano / 1e9).toFixed(4)}`
  return {
    code: BUDGET_EXCEEDED,
    message: `Budget exceeded: spent ${usd(spentNanoUsd)} of ${usd(budgetNanoUsd)} limit`,
    place: 'config.budget_usd',
    help: 'raise config.budget_usd, or resume the run with a higher --budget',
  }
}

export function timeoutError(timeoutMs: number | null): ErrorInfo {
  return {
    code: 'run/timed-out',
    message: `the run took longer than its ${timeoutMs} ms`,
    place: 'config.timeout',
    help: null,
  }
}
