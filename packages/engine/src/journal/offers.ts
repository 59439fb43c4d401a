import type { ClaimedStep, Offer } from '../ports/journal.ts'
import type { CommandContext } from './context.ts'
import { offerAgainAt, offerOf } from './offer.ts'
import { takeFromQueue, type Readied } from './ready.ts'
import type { RunState } from './run-state.ts'
import { calls, queueUp } from './turns.ts'

/**
 * Which of the ready steps somebody must ring for; in a capped run, as many of the queue's first as there are slots. Steps of
 * runs with a concurrency key wait for their turns, and what is answered are bells of any run.
 */
export function offersOf(
  run: RunState,
  readied: Readied,
  claimed: ClaimedStep | null,
  ctx: CommandContext,
): readonly Offer[] {
  const cells =
    run.start.cap === null ? readied.clean.filter((cell) => cell.stepId !== claimed?.claim.stepId) : takeFromQueue(run)
  if (run.share !== null) {
    for (const cell of cells) if (cell.status === 'ready') queueUp(run, cell, ctx)
    return calls(run, ctx)
  }
  for (const cell of cells) offerAgainAt(run, cell, ctx)
  return cells.map((cell) => offerOf(run, cell))
}
