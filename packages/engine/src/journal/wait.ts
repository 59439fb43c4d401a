import type { Offer, RunStatus, Wait, Wake } from '../ports/journal.ts'
import type { CommandContext } from './context.ts'
import { offersOfCleanup } from './end.ts'
import { offersOf } from './offers.ts'
import { enqueue } from './ready.ts'
import type { StepUsage } from './record.ts'
import { isCleanup, isOver, type RunState, type StepCell } from './run-state.ts'
import { hindranceOf, refreshStatus } from './status.ts'

/**
 * Steps that wait without a worker. A leased step is suspended by its own settlement, holds neither lease nor slot, and is
 * ready again when what it waits for comes: told by `wake` or `signal`, or a time that passes. What has come before is
 * found at once. Its due entry is the time when it wakes by itself, or, for a child run, when somebody must look at that.
 */

/** How often a waiting step's child run is looked at, should the news of its end be lost: a crash then costs as much. */
export const CHILD_CHECK_MS = 5_000

/** @returns what it waits for, where that is there already: the step is ready again */
export function suspend(
  run: RunState,
  cell: StepCell,
  { wait, usage, epoch }: { readonly wait: Wait; readonly usage: StepUsage; readonly epoch: number },
  ctx: CommandContext,
): Wake | null {
  const { nowMs } = ctx
  const untilMs = wakesAtMs(wait, nowMs)
  run.records.push({ kind: 'waiting', atMs: nowMs, stepId: cell.stepId, epoch, wait, usage, untilMs })
  changeWait(run, cell, () =>
    Object.assign(cell, { status: 'suspended', wait, untilMs, childStatus: null, wake: null }),
  )
  lookAgain(run, cell, ctx)
  const child = wait.kind === 'child' ? ctx.statusOf(wait.runId) : null
  const wake = wakeAtHand(run, { wait, untilMs, child }, nowMs)
  if (wake !== null) wakeCell(run, cell, wake, ctx)
  else if (child === 'paused' || child === 'parked') mirrorCell(run, cell, child, ctx)
  return wake
}

export function lookAgain(run: RunState, cell: StepCell, ctx: CommandContext): void {
  const atMs = cell.wait?.kind === 'child' ? ctx.nowMs + CHILD_CHECK_MS : cell.untilMs
  if (atMs === null) ctx.due.clear(run.start.runId, cell.stepId)
  else ctx.due.set(run.start.runId, cell.stepId, atMs)
}

/** Makes a suspended step ready, under a new epoch; offering it is the caller's. */
export function wakeCell(run: RunState, cell: StepCell, wake: Wake, ctx: CommandContext): void {
  changeWait(run, cell, () =>
    Object.assign(cell, { status: 'ready', wait: null, untilMs: null, childStatus: null, wake }),
  )
  if (wake.kind === 'unparked') cell.deaths = 0
  cell.epoch += 1
  run.updatedAtMs = ctx.nowMs
  ctx.due.clear(run.start.runId, cell.stepId)
  run.records.push({ kind: 'woken', atMs: ctx.nowMs, stepId: cell.stepId, wake })
}

export function mirrorCell(run: RunState, cell: StepCell, status: RunStatus, ctx: CommandContext): void {
  changeWait(run, cell, () => Object.assign(cell, { childStatus: status }))
  run.updatedAtMs = ctx.nowMs
  run.records.push({ kind: 'mirrored', atMs: ctx.nowMs, stepId: cell.stepId, status })
}

/** Offers what was woken; a run that its user holds offers it when it is reopened. */
export function offersOfWoken(run: RunState, woken: readonly StepCell[], ctx: CommandContext): readonly Offer[] {
  refreshStatus(run, ctx)
  if (run.isHeld || woken.length === 0) return []
  if (run.closing !== null) return offersOfCleanup(run, ctx)
  if (run.start.cap !== null) for (const cell of woken) enqueue(run, cell)
  return offersOf(run, { clean: [...woken], undecided: [] }, null, ctx)
}

/** Keeps the run's counters in step with what a change does to the cell. */
export function changeWait(run: RunState, cell: StepCell, change: () => void): void {
  count(run, cell, -1)
  change()
  count(run, cell, 1)
}

function count(run: RunState, cell: StepCell, by: 1 | -1): void {
  if (isCleanup(run, cell.stepId)) return
  const hindrance = hindranceOf(cell)
  if (hindrance === 'gate') run.gates += by
  if (hindrance === 'park') run.parks += by
}

function wakesAtMs(wait: Wait, nowMs: number): number | null {
  switch (wait.kind) {
    case 'gate':
    case 'signal':
      return wait.timeoutMs === null ? null : nowMs + wait.timeoutMs
    case 'timer':
      return nowMs + wait.delayMs
    case 'parked':
      return wait.checkMs === null ? null : nowMs + wait.checkMs
    case 'child':
      return null
    default:
      return wait satisfies never
  }
}

function wakeAtHand(
  run: RunState,
  found: { readonly wait: Wait; readonly untilMs: number | null; readonly child: RunStatus | null },
  nowMs: number,
): Wake | null {
  const { wait, untilMs, child } = found
  const payload = wait.kind === 'signal' ? run.signals.get(wait.name) : undefined
  if (payload !== undefined) return { kind: 'signalled', payload }
  if (wait.kind === 'child' && child !== null && isOver(child))
    return { kind: 'child-ended', runId: wait.runId, status: child }
  return untilMs !== null && untilMs <= nowMs ? { kind: 'elapsed' } : null
}
