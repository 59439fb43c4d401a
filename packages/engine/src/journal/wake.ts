import type { RunStatus, RunTransition, SignalReply, Wait, Wake, WakeReply, WakeStep } from '../ports/journal.ts'
import type { CommandContext } from './context.ts'
import { offerOf } from './offer.ts'
import { isClosedTo, isOver, labelOf, type RunState, type StepCell } from './run-state.ts'
import { refreshStatus } from './status.ts'
import { isOffered } from './turns.ts'
import { mirrorCell, offersOfWoken, wakeCell } from './wait.ts'

/** A wake that comes again is answered as the first one, as long as the step has not begun another wait or visit. */
export function wake(run: RunState, { stepId, wake: given }: WakeStep, ctx: CommandContext): WakeReply {
  if (isClosedTo(run, stepId)) return { outcome: 'refused', reason: 'run-over' }
  const cell = run.cells.get(stepId)
  if (cell === undefined) return { outcome: 'refused', reason: 'not-waiting' }
  const verdict = judgeWake(cell, given)
  if (verdict === 'decided' || verdict === 'not-waiting') return { outcome: 'refused', reason: verdict }
  if (verdict === 'wakes') {
    wakeCell(run, cell, given, ctx)
    return { outcome: 'woken', offers: offersOfWoken(run, [cell], ctx), label: labelOf(run) }
  }
  const isRung = isOffered(run, cell) && !run.isHeld
  return { outcome: 'woken', offers: isRung ? [offerOf(run, cell)] : [], label: labelOf(run) }
}

/** What a wake does to a step that waits (`wait`), or that was woken last by `wake`. `same`: it was given before. */
export function judgeWake(
  { wait, wake: last }: { readonly wait: Wait | null; readonly wake: Wake | null },
  given: WakeStep['wake'],
): 'wakes' | 'same' | 'decided' | 'not-waiting' {
  if (wait !== null) return isAnsweredBy(wait, given) ? 'wakes' : 'not-waiting'
  if (isSame(last, given)) return 'same'
  return last?.kind === 'decided' && given.kind === 'decided' ? 'decided' : 'not-waiting'
}

export function signal(
  run: RunState,
  { name, payload }: { readonly name: string; readonly payload: string },
  ctx: CommandContext,
): SignalReply {
  if (isOver(run.status) || run.closing !== null) return { outcome: 'refused', reason: 'run-over' }
  const kept = run.signals.get(name)
  if (kept !== undefined && kept !== payload) return { outcome: 'refused', reason: 'signalled-otherwise' }
  if (kept !== undefined) return { outcome: 'kept', isNew: false, offers: [], label: labelOf(run) }
  run.signals.set(name, payload)
  run.updatedAtMs = ctx.nowMs
  run.records.push({ kind: 'signalled', atMs: ctx.nowMs, name, payload })
  const woken = waitingFor(run, name)
  for (const cell of woken) wakeCell(run, cell, { kind: 'signalled', payload }, ctx)
  return { outcome: 'kept', isNew: true, offers: offersOfWoken(run, woken, ctx), label: labelOf(run) }
}

/** The end of a child run is no standing of it: that is told by `wake`. */
export function mirror(run: RunState, stepId: string, childStatus: RunStatus, ctx: CommandContext): RunTransition {
  const cell = run.cells.get(stepId)
  const isWaiting = cell?.status === 'suspended' && cell.wait?.kind === 'child' && !isClosedTo(run, stepId)
  if (!isWaiting || isOver(childStatus)) return { isDone: false, status: run.status }
  const status = childStatus === 'queued' ? 'running' : childStatus
  if (status === (cell.childStatus ?? 'running')) return { isDone: false, status: run.status }
  mirrorCell(run, cell, status, ctx)
  refreshStatus(run, ctx)
  return { isDone: true, status: run.status }
}

/** A parked step may ask a human, too. */
function isAnsweredBy(wait: Wait, given: WakeStep['wake']): boolean {
  if (given.kind === 'decided') return wait.kind === 'gate' || wait.kind === 'parked'
  if (given.kind === 'unparked') return wait.kind === 'parked'
  return wait.kind === 'child' && wait.runId === given.runId
}

/** The same answer given by somebody else is the same answer. */
function isSame(found: Wake | null, given: WakeStep['wake']): boolean {
  if (found?.kind === 'decided') return given.kind === 'decided' && found.decision === given.decision
  if (given.kind === 'unparked') return found?.kind === 'unparked'
  if (found?.kind !== 'child-ended' || given.kind !== 'child-ended') return false
  return found.runId === given.runId && found.status === given.status
}

function waitingFor(run: RunState, name: string): readonly StepCell[] {
  const found: StepCell[] = []
  for (const cell of run.cells.values())
    if (cell.status === 'suspended' && cell.wait?.kind === 'signal' && cell.wait.name === name) found.push(cell)
  return found.sort((a, b) => a.rank - b.rank)
}
