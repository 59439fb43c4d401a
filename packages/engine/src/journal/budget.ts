import type { CommandContext } from './context.ts'
import type { RunState } from './run-state.ts'

/** Reason of the record that holds such a run; a pause of a user's has a reason of his own words. */
export const AWAITING_BUDGET = 'awaiting_budget'

/** The budget is spent, and the run is to wait for more: what is in flight may commit, nothing new is claimed. */
export function holdForBudget(run: RunState, ctx: CommandContext): void {
  run.isHeld = true
  run.awaitsBudget = true
  run.status = 'parked'
  run.updatedAtMs = ctx.nowMs
  run.records.push({ kind: 'paused', atMs: ctx.nowMs, reason: AWAITING_BUDGET })
}
