import type { ErrorInfo } from '@agentloom/workflow'
import type { RunStatus } from '../ports/journal.ts'
import type { CommandContext } from './context.ts'
import type { RunState } from './run-state.ts'

export function endRun(run: RunState, status: RunStatus, error: ErrorInfo | null, ctx: CommandContext): void {
  run.status = status
  run.error = status === 'budget_exceeded' ? budgetError(run.spentNanoUsd, run.budgetNanoUsd ?? 0) : error
  run.updatedAtMs = ctx.nowMs
  ctx.due.clear(run.start.runId, null)
  run.records.push({ kind: 'ended', atMs: ctx.nowMs, status, error: run.error })
}

export function budgetError(spentNanoUsd: number, budgetNanoUsd: number): ErrorInfo {
  const usd = (nano: number): string => `$${(nano / 1e9).toFixed(4)}`
  return {
    code: 'run/budget-exceeded',
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
