import type { ErrorInfo } from '@agentloom/workflow'
import type { Claim, Obligation, Offer, RunTransition, Wish } from '../ports/journal.ts'
import type { CommandContext } from './context.ts'
import { endRun, timeoutError } from './end.ts'
import { offerAgainAt, offerOf, offersOf } from './offers.ts'
import { enqueue } from './ready.ts'
import { isOver, isResolved, type RunState } from './run-state.ts'

export function release(run: RunState, held: Claim, reason: string, ctx: CommandContext): readonly Offer[] {
  const cell = run.cells.get(held.stepId)
  if (cell === undefined || cell.nonce !== held.nonce || (cell.status !== 'leased' && cell.status !== 'expired'))
    return []
  if (isOver(run.status)) return []
  run.inFlight -= 1
  run.updatedAtMs = ctx.nowMs
  cell.status = 'ready'
  cell.nonce = ''
  cell.epoch += 1
  run.records.push({ kind: 'released', atMs: ctx.nowMs, stepId: cell.stepId, epoch: held.epoch, reason })
  ctx.due.clear(run.start.runId, cell.stepId)
  if (run.status === 'paused') return []
  if (run.start.cap !== null) enqueue(run, cell)
  return offersOf(run, { clean: [cell], undecided: [] }, null, ctx)
}

export function heartbeat(run: RunState | undefined, held: Claim, leaseMs: number, ctx: CommandContext): Wish {
  const cell = run?.cells.get(held.stepId)
  if (run === undefined || cell === undefined || cell.nonce !== held.nonce) return 'lost'
  if (run.status === 'cancelled') return 'cancel'
  if (isOver(run.status) || (cell.status !== 'leased' && cell.status !== 'expired')) return 'lost'
  cell.status = 'leased'
  if (ctx.hasLeases) ctx.due.set(run.start.runId, cell.stepId, ctx.nowMs + leaseMs)
  return run.status === 'paused' ? 'pause' : 'continue'
}

export function cancel(run: RunState, reason: string, ctx: CommandContext): RunTransition {
  if (isOver(run.status)) return { isDone: false, status: run.status }
  const error: ErrorInfo = { code: 'run/cancelled', message: reason, place: null, help: null }
  endRun(run, 'cancelled', error, ctx)
  return { isDone: true, status: run.status }
}

export function pause(run: RunState, reason: string, ctx: CommandContext): RunTransition {
  if (isOver(run.status) || run.status === 'paused') return { isDone: false, status: run.status }
  run.status = 'paused'
  run.updatedAtMs = ctx.nowMs
  run.records.push({ kind: 'paused', atMs: ctx.nowMs, reason })
  return { isDone: true, status: run.status }
}

/** One overdue entry: what has to be done about it, or null when it was stale. */
export function obligation(run: RunState, stepId: string | null, ctx: CommandContext): Obligation | null {
  const { runId, definition, priority } = run.start
  if (stepId === null) {
    ctx.due.clear(runId, null)
    if (isOver(run.status) || run.status === 'paused') return null
    endRun(run, 'timeout', timeoutError(run.start.timeoutMs), ctx)
    return { kind: 'run-ended', runId, status: 'timeout' }
  }
  const cell = run.cells.get(stepId)
  ctx.due.clear(runId, stepId)
  if (cell === undefined || isOver(run.status) || isResolved(cell.status) || cell.status === 'waiting') return null
  const cause =
    cell.status === 'leased' || cell.status === 'expired' ? 'lease' : cell.status === 'backoff' ? 'retry' : 'bell'
  if (cell.status === 'leased') cell.status = 'expired'
  if (cell.status === 'backoff') cell.status = 'ready'
  if (run.status === 'paused') return null
  cell.epoch += 1
  if (cell.status === 'undecided') {
    offerAgainAt(run, cell, ctx)
    return { kind: 'undecided', definition, priority, ...offerOf(run, cell), verdicts: cell.verdicts }
  }
  if (cell.status === 'ready' && run.start.cap !== null && run.inFlight >= run.start.cap) {
    enqueue(run, cell)
    return null
  }
  offerAgainAt(run, cell, ctx)
  return { kind: 'offer', cause, definition, priority, ...offerOf(run, cell) }
}
