import type { ErrorInfo } from '@agentloom/workflow'
import type { ClaimedStep, NextClaim, Offer, SettleReply, SettleStep, SkipStep, SpreadEdges } from '../ports/journal.ts'
import { claimedStep, lease } from './claim.ts'
import { holdForBudget } from './budget.ts'
import type { CommandContext } from './context.ts'
import { BUDGET_EXCEEDED, endCleaned, endRun, offersOfCleanup } from './end.ts'
import { offerAgainAt, offerOf } from './offer.ts'
import { offersOf } from './offers.ts'
import { enqueue, spreadInto, type Readied } from './ready.ts'
import { isCleanup, isClosedTo, isOver, type RunState, type StepCell } from './run-state.ts'
import { refreshStatus } from './status.ts'
import { calls, freeSlot, isOffered, mayGoOn } from './turns.ts'
import { suspend } from './wait.ts'

export function settle(run: RunState, command: SettleStep, ctx: CommandContext): SettleReply {
  const { claim: held, settlement } = command
  const cell = run.cells.get(held.stepId)
  if (cell === undefined || cell.nonce !== held.nonce) return { outcome: 'stale' }
  if (cell.status !== 'leased' && cell.status !== 'expired') return repeatedReply(run, { ...command, self: cell }, ctx)
  if (isClosedTo(run, cell.stepId)) return { outcome: 'stale' }
  const base = { atMs: ctx.nowMs, stepId: cell.stepId, epoch: held.epoch, usage: settlement.usage }
  freeSlot(run, cell, ctx)
  run.updatedAtMs = ctx.nowMs
  run.spentNanoUsd += settlement.usage.costNanoUsd
  switch (settlement.kind) {
    case 'retry': {
      const retryAtMs = ctx.nowMs + settlement.delayMs
      cell.status = 'backoff'
      cell.failures += 1
      ctx.due.set(run.start.runId, cell.stepId, retryAtMs)
      run.records.push({ ...base, kind: 'failed', status: settlement.status, error: settlement.error, retryAtMs })
      return settledReply(run, { clean: [], undecided: [] }, null, ctx)
    }
    case 'wait': {
      const wake = suspend(run, cell, { ...settlement, epoch: held.epoch }, ctx)
      return settledReply(run, { clean: wake === null ? [] : [cell], undecided: [] }, null, ctx)
    }
    case 'skipped':
      cell.status = 'skipped'
      run.records.push({ kind: 'skipped', atMs: ctx.nowMs, stepId: cell.stepId, cause: settlement.cause })
      break
    case 'success':
      cell.status = 'success'
      run.outputs.set(cell.stepId, { status: 'success', text: settlement.output })
      run.records.push({ ...base, kind: 'committed', output: settlement.output })
      break
    case 'failed':
    case 'timeout':
      cell.status = settlement.kind
      cell.failures += 1
      run.records.push({
        ...base,
        kind: 'failed',
        status: settlement.kind,
        error: settlement.error,
        retryAtMs: null,
        ...(settlement.output === undefined ? {} : { output: settlement.output }),
      })
      if (settlement.output !== undefined) run.outputs.set(cell.stepId, { status: 'failed', text: settlement.output })
      if (isCleanup(run, cell.stepId)) break
      if (run.failure === null || cell.rank < run.failure.rank)
        run.failure = { rank: cell.rank, error: settlement.error }
      break
    default:
      return settlement satisfies never
  }
  if (isCleanup(run, cell.stepId)) return cleaned(run, cell, 'error' in settlement ? settlement.error : null, ctx)
  return resolved(run, cell, command, settlement.kind === 'success', ctx)
}

export function skip(run: RunState, command: SkipStep, ctx: CommandContext): SettleReply {
  const cell = run.cells.get(command.offer.stepId)
  if (cell?.status === 'skipped') return repeatedReply(run, { ...command, settlement: { kind: 'success' } }, ctx)
  if (cell?.status !== 'undecided' || isClosedTo(run, cell.stepId)) return { outcome: 'stale' }
  cell.status = 'skipped'
  run.updatedAtMs = ctx.nowMs
  run.records.push({ kind: 'skipped', atMs: ctx.nowMs, stepId: cell.stepId, cause: command.cause })
  return resolved(run, cell, command, false, ctx)
}

/** In memory all edges are spread by the command that resolves the step, so there is nothing left to do. */
export function spread(run: RunState, command: SpreadEdges, ctx: CommandContext): SettleReply {
  return repeatedReply(run, { edges: command.edges, next: null, settlement: { kind: 'success' } }, ctx)
}

function cleaned(run: RunState, cell: StepCell, failure: ErrorInfo | null, ctx: CommandContext): SettleReply {
  ctx.due.clear(run.start.runId, cell.stepId)
  endCleaned(run, failure, ctx)
  return settledReply(run, { clean: [], undecided: [] }, null, ctx)
}

function resolved(
  run: RunState,
  cell: StepCell,
  command: { readonly edges: SettleStep['edges']; readonly next: NextClaim | null },
  isSuccess: boolean,
  ctx: CommandContext,
): SettleReply {
  ctx.due.clear(run.start.runId, cell.stepId)
  run.unresolved -= 1
  run.open -= 1
  const readied = spreadInto(run, command.edges)
  const isOverspent = isSuccess && run.budgetNanoUsd !== null && run.spentNanoUsd > run.budgetNanoUsd
  const parks = run.start.parksOnBudget === true
  if (isOverspent && !parks) {
    endRun(run, 'budget_exceeded', null, ctx)
  } else if (isOverspent && run.unresolved > 0) {
    if (!run.isHeld) holdForBudget(run, ctx)
  } else if (run.unresolved === 0) {
    const failed = isBudgetSpentBelow(run) ? 'budget_exceeded' : 'failed'
    endRun(run, run.failure === null ? 'success' : failed, run.failure?.error ?? null, ctx)
  }
  return settledReply(run, readied, command.next, ctx)
}

/** A child run was stopped by what was left of this run's budget, and nothing else went wrong before it. */
function isBudgetSpentBelow({ failure, budgetNanoUsd, spentNanoUsd }: RunState): boolean {
  return failure?.error.code === BUDGET_EXCEEDED && budgetNanoUsd !== null && spentNanoUsd >= budgetNanoUsd
}

function settledReply(run: RunState, readied: Readied, next: NextClaim | null, ctx: CommandContext): SettleReply {
  const others = (): readonly Offer[] => (run.share === null ? [] : calls(run, ctx)) // its slots are free
  if (isOver(run.status))
    return { outcome: 'settled', next: null, offers: others(), undecided: [], runStatus: run.status }
  refreshStatus(run, ctx)
  if (run.closing !== null) {
    const offers = [...offersOfCleanup(run, ctx), ...others()]
    return { outcome: 'settled', next: null, offers, undecided: [], runStatus: run.status }
  }
  if (run.start.cap !== null) for (const cell of readied.clean) enqueue(run, cell)
  const claimed = next === null || run.isHeld ? null : claimNext(run, readied, next, ctx)
  return {
    outcome: 'settled',
    next: claimed,
    offers: offersOf(run, readied, claimed, ctx),
    undecided: readied.undecided.map((cell) => {
      offerAgainAt(run, cell, ctx)
      return { ...offerOf(run, cell), verdicts: cell.verdicts }
    }),
    runStatus: run.status,
  }
}

/** A capped run hands out its ready steps in the order, so the walk may only go on with the first of the queue. */
function claimNext(run: RunState, readied: Readied, next: NextClaim, ctx: CommandContext): ClaimedStep | null {
  if (run.budgetNanoUsd !== null && run.spentNanoUsd >= run.budgetNanoUsd) return null
  for (const candidate of next.candidates) {
    const cell = readied.clean.find((ready) => ready.stepId === candidate.stepId)
    if (cell === undefined) continue
    if (run.start.cap !== null && (run.inFlight >= run.start.cap || run.queue[0] !== cell)) continue
    if (run.share !== null && !mayGoOn(run, cell, ctx)) continue
    lease(run, cell, next, ctx)
    return claimedStep(run, cell, candidate.reads)
  }
  return null
}

/** The same command again, its first reply lost: nothing changes, and what is still to be had is answered again. */
function repeatedReply(
  run: RunState,
  command: {
    readonly edges: SettleStep['edges']
    readonly next: NextClaim | null
    readonly settlement: { readonly kind: string }
    readonly self?: StepCell
  },
  ctx: CommandContext,
): SettleReply {
  if (run.closing !== null)
    return { outcome: 'settled', next: null, offers: offersOfCleanup(run, ctx), undecided: [], runStatus: run.status }
  const { self } = command
  const targets = command.edges.flatMap((edge) => run.cells.get(edge.to.stepId) ?? [])
  if (command.settlement.kind === 'wait' && self !== undefined) targets.push(self) // it may have been over at once
  const next = command.next
  const held = next === null ? undefined : targets.find((cell) => cell.status === 'leased' && cell.nonce === next.nonce)
  const reads = next?.candidates.find((candidate) => candidate.stepId === held?.stepId)?.reads ?? []
  return {
    outcome: 'settled',
    next: held === undefined ? null : claimedStep(run, held, reads),
    offers: targets.filter((cell) => isOffered(run, cell)).map((cell) => offerOf(run, cell)),
    undecided: targets
      .filter((cell) => cell.status === 'undecided')
      .map((cell) => {
        offerAgainAt(run, cell, ctx)
        return { ...offerOf(run, cell), verdicts: cell.verdicts }
      }),
    runStatus: run.status,
  }
}
