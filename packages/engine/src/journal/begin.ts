import type { Offer, StartRun } from '../ports/journal.ts'
import type { CommandContext } from './context.ts'
import { endRun, endWithParent, offersOfCleanup } from './end.ts'
import { offersOf } from './offers.ts'
import { enqueue, type Readied } from './ready.ts'
import { cellOf, isClosedTo, newRun, type RunState } from './run-state.ts'
import { shareOf } from './turns.ts'

export function startRun(
  start: StartRun,
  ctx: CommandContext,
): { readonly run: RunState; readonly offers: readonly Offer[] } {
  const run = newRun(start, ctx.nowMs)
  run.share = shareOf(start, ctx)
  run.records.push({ kind: 'started', atMs: ctx.nowMs })
  if (start.timeoutMs !== null) ctx.due.set(start.runId, null, ctx.nowMs + start.timeoutMs)
  if (start.stepCount === 0) {
    endRun(run, 'success', null, ctx)
    return { run, offers: offersOfCleanup(run, ctx) }
  }
  const readied: Readied = { clean: [], undecided: [] }
  for (const root of start.roots) {
    const cell = cellOf(run, root.stepId, root.rank)
    cell.status = 'ready'
    run.open += 1
    readied.clean.push(cell)
    if (start.cap !== null) enqueue(run, cell)
  }
  const parent = start.parent === null ? undefined : ctx.runOf(start.parent.runId)
  if (parent !== undefined && start.parent !== null && isClosedTo(parent, start.parent.stepId)) {
    endWithParent(run, parent, ctx)
    return { run, offers: offersOfCleanup(run, ctx) }
  }
  return { run, offers: offersOf(run, readied, null, ctx) }
}
