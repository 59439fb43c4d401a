import type { ReopenReply, ReopenRun } from '../ports/journal.ts'
import type { CommandContext } from './context.ts'
import { endRun } from './end.ts'
import { offerAgainAt, offerOf, offersOf } from './offers.ts'
import { admit, dequeue, enqueue, type Readied } from './ready.ts'
import { cellOf, type CellStatus, type RunState } from './run-state.ts'

/**
 * Lets a paused or ended run go on. What is reopened and what is ready was computed from the records
 * (`schedule/resume.ts`); the count of records proves that nobody has written since.
 */
export function reopen(run: RunState, command: ReopenRun, ctx: CommandContext): ReopenReply {
  const isAtRest = run.status !== 'queued' && run.status !== 'running'
  if (!isAtRest || run.records.length !== command.recordCount) return { outcome: 'refused', status: run.status }
  for (const { step, edgeCount, verdicts } of command.reopened) {
    const cell = cellOf(run, step.stepId, step.rank)
    if (cell.status === 'leased' || cell.status === 'expired') run.inFlight -= 1
    dequeue(run, cell)
    Object.assign(cell, { status: 'waiting', nonce: '', failures: 0, edgeCount, verdicts })
    run.outputs.delete(step.stepId)
  }
  for (const { step, edgeCount, verdicts } of command.counted) {
    const cell = cellOf(run, step.stepId, step.rank)
    if (COUNTING.has(cell.status)) Object.assign(cell, { edgeCount, verdicts })
  }
  run.status = 'running'
  run.error = null
  run.failure = null
  run.unresolved = command.unresolvedCount
  run.budgetNanoUsd = command.budgetNanoUsd
  run.updatedAtMs = ctx.nowMs
  const stepIds = command.reopened.map(({ step }) => step.stepId)
  run.records.push({ kind: 'reopened', atMs: ctx.nowMs, reason: command.reason, stepIds })
  if (run.unresolved === 0) {
    endRun(run, 'success', null, ctx) // its last step had been the one that exceeded the budget
    return { outcome: 'reopened', offers: [], undecided: [] }
  }
  if (command.timeoutMs !== null) ctx.due.set(run.start.runId, null, ctx.nowMs + command.timeoutMs)
  return { outcome: 'reopened', ...readyAgain(run, command, ctx) }
}

/** Nobody has taken such a step yet, so that its counter still matters. */
const COUNTING: ReadonlySet<CellStatus> = new Set(['waiting', 'undecided', 'ready'])

function readyAgain(
  run: RunState,
  command: ReopenRun,
  ctx: CommandContext,
): Omit<Extract<ReopenReply, { outcome: 'reopened' }>, 'outcome'> {
  const readied: Readied = { clean: [], undecided: [] }
  for (const step of command.ready) {
    const cell = cellOf(run, step.stepId, step.rank)
    if (cell.status === 'leased') {
      if (ctx.hasLeases) continue
      cell.status = 'expired'
    }
    ctx.due.clear(run.start.runId, cell.stepId) // a back-off ends here
    cell.epoch += 1
    if (cell.status === 'expired') readied.clean.push(cell)
    else admit(cell, readied)
  }
  if (run.start.cap !== null) {
    for (const cell of readied.clean) if (cell.status === 'ready') enqueue(run, cell)
  }
  const expired = run.start.cap === null ? [] : readied.clean.filter((cell) => cell.status === 'expired')
  for (const cell of expired) offerAgainAt(run, cell, ctx)
  return {
    offers: [...expired.map((cell) => offerOf(run, cell)), ...offersOf(run, readied, null, ctx)],
    undecided: readied.undecided.map((cell) => {
      offerAgainAt(run, cell, ctx)
      return { ...offerOf(run, cell), verdicts: cell.verdicts }
    }),
  }
}
