import type { ClaimReply, ClaimStep, ClaimedStep } from '../ports/journal.ts'
import { holdForBudget } from './budget.ts'
import type { CommandContext } from './context.ts'
import { endRun } from './end.ts'
import { offerOf } from './offer.ts'
import { isSuspect } from './poison.ts'
import { dequeue, enqueue } from './ready.ts'
import { headerOf, isCleanup, isClosedTo, isResolved, type RunState, type StepCell } from './run-state.ts'
import { answered, begin, calls, isKeyed, leave, nextTurn, turnOf } from './turns.ts'

export function claim(run: RunState, command: ClaimStep, ctx: CommandContext): ClaimReply {
  const { stepId } = command.offer
  answered(run, stepId, ctx)
  const reply = claimOwn(run, command, ctx)
  if (!isKeyed(run, stepId) || reply.outcome === 'undecided') return reply
  if (reply.outcome === 'refused' && reply.reason === 'suspect') return reply // it is claimed again when it can be alone
  if (reply.outcome === 'claimed') return { ...reply, offers: calls(run, ctx) }
  const instead = nextTurn(run, stepId, ctx)
  return instead === null ? reply : { ...reply, instead }
}

function claimOwn(run: RunState, command: ClaimStep, ctx: CommandContext): ClaimReply {
  if (isClosedTo(run, command.offer.stepId)) return { outcome: 'refused', reason: 'run-over' }
  const cell = run.cells.get(command.offer.stepId)
  if (cell?.status === 'leased' && cell.nonce === command.nonce) return claimedReply(run, cell, command.reads)
  if (run.status === 'paused' || run.isHeld) {
    if (cell?.status === 'ready') leave(run, cell, ctx) // it is offered again when the run goes on
    return { outcome: 'refused', reason: 'run-paused' }
  }
  const isHeldOff = cell?.status === 'backoff' && command.isRushed !== true
  if (cell === undefined || cell.status === 'waiting' || isHeldOff || cell.status === 'suspended')
    return { outcome: 'refused', reason: 'not-ready' }
  if (isResolved(cell.status)) return { outcome: 'refused', reason: 'resolved' }
  const isLate = cell.nonce === command.nonce // this very claim was given, and has ended
  if (cell.status === 'leased' || isLate) return { outcome: 'refused', reason: 'claimed' }
  if (cell.status === 'undecided' && !command.isDecided) {
    return { outcome: 'undecided', step: { ...offerOf(run, cell), verdicts: cell.verdicts } }
  }
  if (command.acceptsSuspect !== true && isSuspect(cell, ctx.deathsMax))
    return { outcome: 'refused', reason: 'suspect' }
  const isFree = isCleanup(run, cell.stepId) // of budget and cap
  if (!isFree && run.budgetNanoUsd !== null && run.spentNanoUsd >= run.budgetNanoUsd) {
    if (run.start.parksOnBudget === true) {
      holdForBudget(run, ctx)
      return { outcome: 'refused', reason: 'awaiting_budget' }
    }
    endRun(run, 'budget_exceeded', null, ctx)
    return { outcome: 'refused', reason: run.closing === null ? 'budget' : 'run-over' }
  }
  if (!isFree && cell.status !== 'expired' && run.start.cap !== null && run.inFlight >= run.start.cap) {
    cell.status = 'ready'
    leave(run, cell, ctx)
    enqueue(run, cell)
    ctx.due.clear(run.start.runId, cell.stepId)
    return { outcome: 'refused', reason: 'full' }
  }
  const turn = isKeyed(run, cell.stepId) ? turnOf(run, cell, ctx) : 'now'
  if (turn !== 'now') {
    if (cell.status === 'expired') loseClaim(run, cell)
    cell.status = 'ready'
    return { outcome: 'refused', reason: turn }
  }
  lease(run, cell, command, ctx)
  return claimedReply(run, cell, command.reads)
}

/** Its run was over for a time, or was lost, and its slot went to others. */
function loseClaim(run: RunState, cell: StepCell): void {
  run.inFlight -= 1
  cell.nonce = ''
}

function claimedReply(run: RunState, cell: StepCell, reads: readonly string[]): ClaimReply {
  return { outcome: 'claimed', header: headerOf(run), offers: [], ...claimedStep(run, cell, reads) }
}

export function claimedStep(run: RunState, cell: StepCell, reads: readonly string[]): ClaimedStep {
  return {
    claim: { ...offerOf(run, cell), nonce: cell.nonce },
    attempt: cell.failures + 1,
    visit: cell.visit,
    wake: cell.wake,
    outputs: reads.map((stepId) => run.outputs.get(stepId) ?? null),
  }
}

export function lease(
  run: RunState,
  cell: StepCell,
  by: { nonce: string; worker: string; leaseMs: number },
  ctx: CommandContext,
): void {
  if (cell.status !== 'expired' && !isCleanup(run, cell.stepId)) run.inFlight += 1
  dequeue(run, cell)
  begin(run, cell, ctx)
  cell.status = 'leased'
  cell.epoch += 1
  cell.nonce = by.nonce
  cell.noted = null
  if (ctx.hasLeases) ctx.due.set(run.start.runId, cell.stepId, ctx.nowMs + by.leaseMs)
  else ctx.due.clear(run.start.runId, cell.stepId)
  if (run.status === 'queued') run.status = 'running'
  run.updatedAtMs = ctx.nowMs
  run.records.push({ kind: 'claimed', atMs: ctx.nowMs, stepId: cell.stepId, epoch: cell.epoch, worker: by.worker })
}
