import type { Offer, ReopenReply, ReopenRun } from '../ports/journal.ts'
import type { CommandContext } from './context.ts'
import { endRun, offersOfCleanup } from './end.ts'
import { offerAgainAt, offerOf } from './offer.ts'
import { offersOf } from './offers.ts'
import { admit, dequeue, enqueue, type Readied } from './ready.ts'
import {
  cellOf,
  isCleanup,
  isOpen,
  isOver,
  isResolved,
  type CellStatus,
  type RunState,
  type StepCell,
} from './run-state.ts'
import { refreshStatus } from './status.ts'
import { leave } from './turns.ts'
import { changeWait } from './wait.ts'

/**
 * Lets a paused or ended run go on. What is reopened and what is ready was computed from the records
 * (`schedule/resume.ts`); the count of records proves that nobody has written since.
 */
export function reopen(run: RunState, command: ReopenRun, ctx: CommandContext): ReopenReply {
  const isAtRest = run.status !== 'queued' && run.status !== 'running'
  if (!isAtRest || run.records.length !== command.recordCount) return { outcome: 'refused', status: run.status }
  for (const { step, edgeCount, verdicts } of command.reopened) {
    const cell = cellOf(run, step.stepId, step.rank)
    giveBack(run, cell, ctx)
    const begun = {
      nonce: '',
      failures: 0,
      deaths: 0,
      visit: cell.visit + 1,
      wait: null,
      untilMs: null,
      childStatus: null,
      wake: null,
    }
    changeWait(run, cell, () => Object.assign(cell, { status: 'waiting', edgeCount, verdicts, ...begun }))
    run.outputs.delete(step.stepId)
  }
  for (const { step, edgeCount, verdicts } of command.counted) {
    const cell = cellOf(run, step.stepId, step.rank)
    if (COUNTING.has(cell.status)) Object.assign(cell, { edgeCount, verdicts })
  }
  const isCleaningUp = run.closing !== null && !isOver(run.status)
  if (!isCleaningUp) run.closing = null
  run.isHeld = false
  run.awaitsBudget = false
  run.status = 'running'
  run.error = null
  if (!isCleaningUp) run.failure = command.failure ?? null
  run.unresolved = command.unresolvedCount
  run.budgetNanoUsd = command.budgetNanoUsd
  run.timeoutMs = command.timeoutMs
  run.updatedAtMs = ctx.nowMs
  const stepIds = command.reopened.map(({ step }) => step.stepId)
  run.records.push({ kind: 'reopened', atMs: ctx.nowMs, reason: command.reason, stepIds })
  if (isCleaningUp) {
    const cleanup = readyCleanup(run, command, ctx)
    refreshStatus(run, ctx)
    return { outcome: 'reopened', offers: cleanup, undecided: [] }
  }
  if (run.unresolved === 0) {
    endRun(run, 'success', null, ctx) // its last step had been the one that exceeded the budget
    return { outcome: 'reopened', offers: offersOfCleanup(run, ctx), undecided: [] }
  }
  if (command.timeoutMs !== null) ctx.due.set(run.start.runId, null, ctx.nowMs + command.timeoutMs)
  for (const cell of run.cells.values()) if (cell.status === 'suspended') waitAgain(run, cell, ctx)
  const reply = readyAgain(run, command, ctx)
  refreshStatus(run, ctx)
  return { outcome: 'reopened', ...reply }
}

/** What it waits for may have passed while the run was over and nobody looked; a child run is looked at at once. */
function waitAgain(run: RunState, { stepId, wait, untilMs }: StepCell, ctx: CommandContext): void {
  const atMs = wait?.kind === 'child' ? ctx.nowMs : untilMs
  if (atMs !== null) ctx.due.set(run.start.runId, stepId, atMs)
}

/** A run that was held while it cleaned up goes on with that, and with nothing else. */
function readyCleanup(run: RunState, command: ReopenRun, ctx: CommandContext): readonly Offer[] {
  const cell = run.cells.get(run.start.cleanup?.stepId ?? '')
  if (cell === undefined || !command.ready.some(({ stepId }) => stepId === cell.stepId)) return []
  if (cell.status === 'leased' && ctx.hasLeases) return []
  if (cell.status === 'leased') cell.status = 'expired'
  if (cell.status === 'backoff') cell.status = 'ready'
  if (cell.status !== 'ready' && cell.status !== 'expired') return []
  cell.epoch += 1
  ctx.due.clear(run.start.runId, cell.stepId)
  offerAgainAt(run, cell, ctx)
  return [offerOf(run, cell)]
}

/** Slot and place in the queue, and what it counts for among the open. */
function giveBack(run: RunState, cell: StepCell, ctx: CommandContext): void {
  if (isCleanup(run, cell.stepId)) return
  if (cell.status === 'leased' || cell.status === 'expired') run.inFlight -= 1
  if (isOpen(cell.status)) run.open -= 1
  dequeue(run, cell)
  leave(run, cell, ctx)
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
    if (cell.status === 'suspended' || isResolved(cell.status)) continue
    if (cell.status === 'leased') {
      if (ctx.hasLeases) continue
      cell.status = 'expired'
    }
    ctx.due.clear(run.start.runId, cell.stepId) // a back-off ends here
    cell.epoch += 1
    if (cell.status === 'expired') readied.clean.push(cell)
    else admit(run, cell, readied)
  }
  if (run.start.cap !== null) {
    for (const cell of readied.clean) if (cell.status === 'ready') enqueue(run, cell)
  }
  const expired =
    run.start.cap === null && run.share === null ? [] : readied.clean.filter((cell) => cell.status === 'expired')
  for (const cell of expired) offerAgainAt(run, cell, ctx)
  return {
    offers: [...expired.map((cell) => offerOf(run, cell)), ...offersOf(run, readied, null, ctx)],
    undecided: readied.undecided.map((cell) => {
      offerAgainAt(run, cell, ctx)
      return { ...offerOf(run, cell), verdicts: cell.verdicts }
    }),
  }
}
