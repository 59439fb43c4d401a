import type { Claim, Obligation, Offer, RunTransition, Wish } from '../ports/journal.ts'
import type { CommandContext } from './context.ts'
import { endRun, offersOfCleanup, timeoutError } from './end.ts'
import { offerAgainAt, offerOf } from './offer.ts'
import { offersOf } from './offers.ts'
import { died, isPoison, quarantine } from './poison.ts'
import { enqueue } from './ready.ts'
import { isCleanup, isClosedTo, isOver, isResolved, labelOf, type RunState, type StepCell } from './run-state.ts'
import { refreshStatus } from './status.ts'
import { freeSlot, isKeyed, leave, queueUp } from './turns.ts'
import { lookAgain, wakeCell } from './wait.ts'

export function release(run: RunState, held: Claim, reason: string, ctx: CommandContext): readonly Offer[] {
  const cell = run.cells.get(held.stepId)
  if (cell === undefined || cell.nonce !== held.nonce || (cell.status !== 'leased' && cell.status !== 'expired'))
    return []
  if (isClosedTo(run, cell.stepId)) return []
  freeSlot(run, cell, ctx)
  run.updatedAtMs = ctx.nowMs
  cell.status = 'ready'
  cell.nonce = ''
  cell.epoch += 1
  run.records.push({ kind: 'released', atMs: ctx.nowMs, stepId: cell.stepId, epoch: held.epoch, reason })
  ctx.due.clear(run.start.runId, cell.stepId)
  if (run.isHeld) return []
  if (isCleanup(run, cell.stepId)) return offersOfCleanup(run, ctx)
  if (run.start.cap !== null) enqueue(run, cell)
  return offersOf(run, { clean: [cell], undecided: [] }, null, ctx)
}

export function heartbeat(run: RunState | undefined, held: Claim, leaseMs: number, ctx: CommandContext): Wish {
  const cell = run?.cells.get(held.stepId)
  if (run === undefined || cell === undefined || cell.nonce !== held.nonce) return 'lost'
  if (run.status === 'cancelled' || (run.closing?.status === 'cancelled' && isClosedTo(run, cell.stepId)))
    return 'cancel'
  if (isClosedTo(run, cell.stepId) || (cell.status !== 'leased' && cell.status !== 'expired')) return 'lost'
  cell.status = 'leased'
  if (ctx.hasLeases) ctx.due.set(run.start.runId, cell.stepId, ctx.nowMs + leaseMs)
  return run.isHeld ? 'pause' : 'continue'
}

/** A run that already waits for humans can be held, too: it then stays paused when they have decided. */
export function pause(run: RunState, reason: string, ctx: CommandContext): RunTransition {
  if (isOver(run.status) || run.isHeld) return { isDone: false, status: run.status }
  run.isHeld = true
  run.status = 'paused'
  run.updatedAtMs = ctx.nowMs
  run.records.push({ kind: 'paused', atMs: ctx.nowMs, reason })
  return { isDone: true, status: run.status }
}

/** How long a lease that ran out is left alone where nobody may end it yet. */
export const SPARED_MS = 1_000

/** One overdue entry: what has to be done about it, or null when it was stale. */
export function obligation(
  run: RunState,
  stepId: string | null,
  { endsLeases }: { readonly endsLeases: boolean },
  ctx: CommandContext,
): Obligation | null {
  ctx.due.clear(run.start.runId, stepId)
  if (stepId === null) return deadline(run, ctx)
  const cell = run.cells.get(stepId)
  if (cell === undefined || isResolved(cell.status) || cell.status === 'waiting') return null
  if (isClosedTo(run, stepId)) {
    if (cell.status === 'leased') cell.status = 'expired' // nobody looks after it again, should the run be reopened
    return null
  }
  if (cell.status === 'suspended') return obligationOfWait(run, cell, ctx)
  if (cell.status === 'leased') {
    if (!endsLeases) {
      ctx.due.set(run.start.runId, stepId, ctx.nowMs + SPARED_MS)
      return null
    }
    died(run, cell, ctx)
    if (isPoison(cell, ctx)) return quarantine(run, cell, ctx)
  }
  const cause = cell.status === 'expired' ? 'lease' : cell.status === 'backoff' ? 'retry' : 'bell'
  if (cell.status === 'backoff') cell.status = 'ready'
  if (run.isHeld) {
    if (cell.status === 'ready') leave(run, cell, ctx)
    return null
  }
  cell.epoch += 1
  return offerAgain(run, cell, cause, ctx)
}

/** As an overdue lease, where a process that is gone holds the step. */
export function takenOver(
  run: RunState,
  { stepId, instance }: { readonly stepId: string | null; readonly instance: string },
  ctx: CommandContext,
): Obligation | null {
  const cell = run.cells.get(stepId ?? '')
  const isHeld = cell?.status === 'leased' && cell.nonce.startsWith(instance)
  return isHeld ? obligation(run, stepId, { endsLeases: true }, ctx) : null
}

function deadline(run: RunState, ctx: CommandContext): Obligation | null {
  const { runId } = run.start
  if (isOver(run.status) || run.status === 'paused' || run.awaitsBudget || run.closing !== null) return null
  endRun(run, 'timeout', timeoutError(run.timeoutMs), ctx)
  const [offer] = offersOfCleanup(run, ctx)
  if (offer === undefined) return { kind: 'run-ended', runId, status: 'timeout' }
  return { kind: 'offer', cause: 'bell', ...labelOf(run), ...offer }
}

function obligationOfWait(run: RunState, cell: StepCell, ctx: CommandContext): Obligation | null {
  if (cell.wait?.kind === 'child') {
    lookAgain(run, cell, ctx)
    const { runId } = run.start
    return { kind: 'child', runId, stepId: cell.stepId, childRunId: cell.wait.runId, ...labelOf(run) }
  }
  wakeCell(run, cell, { kind: 'elapsed' }, ctx)
  refreshStatus(run, ctx)
  return run.isHeld ? null : offerAgain(run, cell, 'retry', ctx)
}

function offerAgain(
  run: RunState,
  cell: StepCell,
  cause: 'bell' | 'lease' | 'retry',
  ctx: CommandContext,
): Obligation | null {
  if (cell.status === 'undecided') {
    offerAgainAt(run, cell, ctx)
    return { kind: 'undecided', ...labelOf(run), ...offerOf(run, cell), verdicts: cell.verdicts }
  }
  const isFull = run.start.cap !== null && run.inFlight >= run.start.cap && !isCleanup(run, cell.stepId)
  if (cell.status === 'ready') {
    leave(run, cell, ctx) // it had a turn, and nobody came
    if (isFull) {
      enqueue(run, cell)
      return null
    }
    if (isKeyed(run, cell.stepId)) {
      queueUp(run, cell, ctx)
      return null
    }
  }
  offerAgainAt(run, cell, ctx)
  return { kind: 'offer', cause, ...labelOf(run), ...offerOf(run, cell) }
}
