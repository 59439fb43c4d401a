import type { ErrorInfo } from '@agentloom/workflow'
import type {
  Claim,
  ClaimReply,
  ClaimStep,
  ClaimedStep,
  NextClaim,
  Obligation,
  Offer,
  RunStatus,
  RunTransition,
  SettleReply,
  SettleStep,
  SkipStep,
  SpreadEdges,
  StartRun,
  Wish,
} from '../ports/journal.ts'
import type { DueTimes } from './due.ts'
import { dequeue, enqueue, spreadInto, takeFromQueue, type Readied } from './ready.ts'
import { cellOf, headerOf, isOver, isResolved, newRun, type RunState, type StepCell } from './run-state.ts'

/**
 * The journal's commands on a run in memory: mechanism only, no clock of its own and no promise. The Lua scripts of
 * `bullmq` do the same on Redis and are compared with this on random commands.
 */
export interface CommandContext {
  readonly nowMs: number
  readonly due: DueTimes
  /** After how many milliseconds a bell that nobody answered is rung again; null where bells can't be lost. */
  readonly offerMs: number | null
  /** False where the only worker lives and dies with the journal. */
  readonly hasLeases: boolean
}

export function startRun(start: StartRun, ctx: CommandContext): { readonly run: RunState; readonly offers: readonly Offer[] } {
  const run = newRun(start, ctx.nowMs)
  run.records.push({ kind: 'started', atMs: ctx.nowMs })
  if (start.timeoutMs !== null) ctx.due.set(start.runId, null, ctx.nowMs + start.timeoutMs)
  if (start.stepCount === 0) {
    endRun(run, 'success', null, ctx)
    return { run, offers: [] }
  }
  const readied: Readied = { clean: [], undecided: [] }
  for (const root of start.roots) {
    const cell = cellOf(run, root.stepId, root.rank)
    cell.status = 'ready'
    readied.clean.push(cell)
    if (start.cap !== null) enqueue(run, cell)
  }
  return { run, offers: offersOf(run, readied, null, ctx) }
}

export function claim(run: RunState, command: ClaimStep, ctx: CommandContext): ClaimReply {
  if (isOver(run.status)) return { outcome: 'refused', reason: 'run-over' }
  const cell = run.cells.get(command.offer.stepId)
  if (cell?.status === 'leased' && cell.nonce === command.nonce) return claimedReply(run, cell, command.reads)
  if (run.status === 'paused') return { outcome: 'refused', reason: 'run-paused' }
  if (cell === undefined || cell.status === 'waiting' || cell.status === 'backoff') return { outcome: 'refused', reason: 'not-ready' }
  if (isResolved(cell.status)) return { outcome: 'refused', reason: 'resolved' }
  if (cell.status === 'leased') return { outcome: 'refused', reason: 'claimed' }
  if (cell.status === 'undecided' && !command.isDecided) {
    return { outcome: 'undecided', step: { ...offerOf(run, cell), verdicts: cell.verdicts } }
  }
  if (run.budgetNanoUsd !== null && run.spentNanoUsd >= run.budgetNanoUsd) {
    endRun(run, 'budget_exceeded', null, ctx)
    return { outcome: 'refused', reason: 'budget' }
  }
  if (cell.status !== 'expired' && run.start.cap !== null && run.inFlight >= run.start.cap) {
    cell.status = 'ready'
    enqueue(run, cell)
    ctx.due.clear(run.start.runId, cell.stepId)
    return { outcome: 'refused', reason: 'full' }
  }
  lease(run, cell, command, ctx)
  return claimedReply(run, cell, command.reads)
}

function claimedReply(run: RunState, cell: StepCell, reads: readonly string[]): ClaimReply {
  return { outcome: 'claimed', header: headerOf(run), ...claimedStep(run, cell, reads) }
}

function claimedStep(run: RunState, cell: StepCell, reads: readonly string[]): ClaimedStep {
  return {
    claim: { ...offerOf(run, cell), nonce: cell.nonce },
    attempt: cell.failures + 1,
    outputs: reads.map((stepId) => run.outputs.get(stepId) ?? null),
  }
}

function lease(run: RunState, cell: StepCell, by: { nonce: string; worker: string; leaseMs: number }, ctx: CommandContext): void {
  if (cell.status !== 'expired') run.inFlight += 1
  dequeue(run, cell)
  cell.status = 'leased'
  cell.epoch += 1
  cell.nonce = by.nonce
  if (ctx.hasLeases) ctx.due.set(run.start.runId, cell.stepId, ctx.nowMs + by.leaseMs)
  else ctx.due.clear(run.start.runId, cell.stepId)
  if (run.status === 'queued') run.status = 'running'
  run.updatedAtMs = ctx.nowMs
  run.records.push({ kind: 'claimed', atMs: ctx.nowMs, stepId: cell.stepId, epoch: cell.epoch, worker: by.worker })
}

export function settle(run: RunState, command: SettleStep, ctx: CommandContext): SettleReply {
  const { claim: held, settlement } = command
  const cell = run.cells.get(held.stepId)
  if (cell === undefined || cell.nonce !== held.nonce) return { outcome: 'stale' }
  if (cell.status !== 'leased' && cell.status !== 'expired') return repeatedReply(run, command, ctx)
  if (isOver(run.status)) return { outcome: 'stale' }
  const base = { atMs: ctx.nowMs, stepId: cell.stepId, epoch: held.epoch, usage: settlement.usage }
  run.inFlight -= 1
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
    case 'success':
      cell.status = 'success'
      run.outputs.set(cell.stepId, { status: 'success', text: settlement.output })
      run.records.push({ ...base, kind: 'committed', output: settlement.output })
      break
    case 'failed':
    case 'timeout':
      cell.status = settlement.kind
      cell.failures += 1
      run.records.push({ ...base, kind: 'failed', status: settlement.kind, error: settlement.error, retryAtMs: null })
      if (run.failure === null || cell.rank < run.failure.rank) run.failure = { rank: cell.rank, error: settlement.error }
      break
    default:
      return settlement satisfies never
  }
  return resolved(run, cell, command, settlement.kind === 'success', ctx)
}

export function skip(run: RunState, command: SkipStep, ctx: CommandContext): SettleReply {
  const cell = run.cells.get(command.offer.stepId)
  if (cell?.status === 'skipped') return repeatedReply(run, { ...command, settlement: { kind: 'success' } }, ctx)
  if (cell?.status !== 'undecided' || isOver(run.status)) return { outcome: 'stale' }
  cell.status = 'skipped'
  run.updatedAtMs = ctx.nowMs
  run.records.push({ kind: 'skipped', atMs: ctx.nowMs, stepId: cell.stepId, cause: command.cause })
  return resolved(run, cell, command, false, ctx)
}

/** In memory all edges are spread by the command that resolves the step, so there is nothing left to do. */
export function spread(run: RunState, command: SpreadEdges, ctx: CommandContext): SettleReply {
  return repeatedReply(run, { edges: command.edges, next: null, settlement: { kind: 'success' } }, ctx)
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
  const readied = spreadInto(run, command.edges)
  if (isSuccess && run.budgetNanoUsd !== null && run.spentNanoUsd > run.budgetNanoUsd) {
    endRun(run, 'budget_exceeded', null, ctx)
  } else if (run.unresolved === 0) {
    endRun(run, run.failure === null ? 'success' : 'failed', run.failure?.error ?? null, ctx)
  }
  return settledReply(run, readied, command.next, ctx)
}

function settledReply(run: RunState, readied: Readied, next: NextClaim | null, ctx: CommandContext): SettleReply {
  if (isOver(run.status)) return { outcome: 'settled', next: null, offers: [], undecided: [], runStatus: run.status }
  if (run.start.cap !== null) for (const cell of readied.clean) enqueue(run, cell)
  const claimed = next === null || run.status === 'paused' ? null : claimNext(run, readied, next, ctx)
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
    lease(run, cell, next, ctx)
    return claimedStep(run, cell, candidate.reads)
  }
  return null
}

/** The same command again, its first reply lost: nothing changes, and what is still to be had is answered again. */
function repeatedReply(
  run: RunState,
  command: { readonly edges: SettleStep['edges']; readonly next: NextClaim | null; readonly settlement: { readonly kind: string } },
  ctx: CommandContext,
): SettleReply {
  const targets = command.edges.flatMap((edge) => run.cells.get(edge.to.stepId) ?? [])
  const next = command.next
  const held = next === null ? undefined : targets.find((cell) => cell.status === 'leased' && cell.nonce === next.nonce)
  const reads = next?.candidates.find((candidate) => candidate.stepId === held?.stepId)?.reads ?? []
  return {
    outcome: 'settled',
    next: held === undefined ? null : claimedStep(run, held, reads),
    offers: targets.filter((cell) => cell.status === 'ready' && !cell.isQueued).map((cell) => offerOf(run, cell)),
    undecided: targets
      .filter((cell) => cell.status === 'undecided')
      .map((cell) => {
        offerAgainAt(run, cell, ctx)
        return { ...offerOf(run, cell), verdicts: cell.verdicts }
      }),
    runStatus: run.status,
  }
}

export function release(run: RunState, held: Claim, reason: string, ctx: CommandContext): readonly Offer[] {
  const cell = run.cells.get(held.stepId)
  if (cell === undefined || cell.nonce !== held.nonce || (cell.status !== 'leased' && cell.status !== 'expired')) return []
  if (isOver(run.status)) return []
  run.inFlight -= 1
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
    const error: ErrorInfo = { code: 'run/timed-out', message: `the run took longer than its ${run.start.timeoutMs} ms`, place: 'config.timeout', help: null }
    endRun(run, 'timeout', error, ctx)
    return { kind: 'run-ended', runId, status: 'timeout' }
  }
  const cell = run.cells.get(stepId)
  ctx.due.clear(runId, stepId)
  if (cell === undefined || isOver(run.status) || isResolved(cell.status) || cell.status === 'waiting') return null
  const cause = cell.status === 'leased' || cell.status === 'expired' ? 'lease' : cell.status === 'backoff' ? 'retry' : 'bell'
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

export function endRun(run: RunState, status: RunStatus, error: ErrorInfo | null, ctx: CommandContext): void {
  run.status = status
  run.error = status === 'budget_exceeded' ? budgetError(run) : error
  run.updatedAtMs = ctx.nowMs
  ctx.due.clear(run.start.runId, null)
  run.records.push({ kind: 'ended', atMs: ctx.nowMs, status, error: run.error })
}

function budgetError(run: RunState): ErrorInfo {
  const usd = (nano: number): string => `$${(nano / 1e9).toFixed(4)}`
  return {
    code: 'run/budget-exceeded',
    message: `Budget exceeded: spent ${usd(run.spentNanoUsd)} of ${usd(run.budgetNanoUsd ?? 0)} limit`,
    place: 'config.budget_usd',
    help: 'raise config.budget_usd, or resume the run with a higher --budget',
  }
}

/** Which of the ready steps somebody must ring for; in a capped run, as many of the queue's first as there are slots. */
export function offersOf(run: RunState, readied: Readied, claimed: ClaimedStep | null, ctx: CommandContext): readonly Offer[] {
  const cells = run.start.cap === null ? readied.clean.filter((cell) => cell.stepId !== claimed?.claim.stepId) : takeFromQueue(run)
  for (const cell of cells) offerAgainAt(run, cell, ctx)
  return cells.map((cell) => offerOf(run, cell))
}

export function offerAgainAt(run: RunState, cell: StepCell, ctx: CommandContext): void {
  if (ctx.offerMs !== null) ctx.due.set(run.start.runId, cell.stepId, ctx.nowMs + ctx.offerMs)
}

export function offerOf(run: RunState, cell: StepCell): Offer {
  return { runId: run.start.runId, stepId: cell.stepId, epoch: cell.epoch }
}
