import type { Offer } from '../ports/journal.ts'
import type { CommandContext } from './context.ts'
import type { RunState, StepCell } from './run-state.ts'

export function offerAgainAt(run: RunState, cell: StepCell, ctx: CommandContext): void {
  if (ctx.offerMs !== null) ctx.due.set(run.start.runId, cell.stepId, ctx.nowMs + ctx.offerMs)
}

export function offerOf(run: RunState, cell: StepCell): Offer {
  return { runId: run.start.runId, stepId: cell.stepId, epoch: cell.epoch }
}
