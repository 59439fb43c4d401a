import type { ClaimedStep, Offer } from '../ports/journal.ts'
import type { CommandContext } from './context.ts'
import { takeFromQueue, type Readied } from './ready.ts'
import type { RunState, StepCell } from './run-state.ts'

/** Which of the ready steps somebody must ring for; in a capped run, as many of the queue's first as there are slots. */
export function offersOf(
  run: RunState,
  readied: Readied,
  claimed: ClaimedStep | null,
  ctx: CommandContext,
): readonly Offer[] {
  const cells =
    run.start.cap === null ? readied.clean.filter((cell) => cell.stepId !== claimed?.claim.stepId) : takeFromQueue(run)
  for (const cell of cells) offerAgainAt(run, cell, ctx)
  return cells.map((cell) => offerOf(run, cell))
}

export function offerAgainAt(run: RunState, cell: StepCell, ctx: CommandContext): void {
  if (ctx.offerMs !== null) ctx.due.set(run.start.runId, cell.stepId, ctx.nowMs + ctx.offerMs)
}

export function offerOf(run: RunState, cell: StepCell): Offer {
  return { runId: run.start.runId, stepId: cell.stepId, epoch: cell.epoch }
}
