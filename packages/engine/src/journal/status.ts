import type { CommandContext } from './context.ts'
import { isOver, type RunState, type StepCell } from './run-state.ts'

/**
 * What a run that is not over is: `paused` when a user holds it or when all its open steps wait for humans, `parked` when
 * all wait and at least one for something else, else at work. Counted, never looked up in the steps: one open step that is
 * at work (ready, leased, in back-off, with a child run at work) keeps the run `running`.
 */
export function refreshStatus(run: RunState, ctx: CommandContext): void {
  if (isOver(run.status)) return
  const before = run.status
  const now = restingStatus(run)
  if (now === 'running' && before === 'queued') return
  run.status = now
  // While it is paused a run's time-out is not looked at; it gets the whole of it again, as after a resume.
  if (before === 'paused' && now !== 'paused' && run.timeoutMs !== null && run.closing === null)
    ctx.due.set(run.start.runId, null, ctx.nowMs + run.timeoutMs)
}

export function restingStatus(run: RunState): 'running' | 'paused' | 'parked' {
  if (run.isHeld) return run.awaitsBudget ? 'parked' : 'paused'
  if (run.closing !== null) {
    const cleanup = run.cells.get(run.start.cleanup?.stepId ?? '')
    const hindrance = cleanup === undefined ? null : hindranceOf(cleanup)
    return hindrance === null ? 'running' : hindrance === 'gate' ? 'paused' : 'parked'
  }
  if (run.open === 0 || run.open > run.gates + run.parks) return 'running'
  return run.parks > 0 ? 'parked' : 'paused'
}

/** What keeps an open step from going on; null where it is at work. */
export function hindranceOf({ status, wait, childStatus }: StepCell): 'gate' | 'park' | null {
  if (status !== 'suspended' || wait === null) return null
  switch (wait.kind) {
    case 'gate':
      return 'gate'
    case 'timer':
    case 'signal':
    case 'parked':
      return 'park'
    case 'child':
      return childStatus === 'paused' ? 'gate' : childStatus === 'parked' ? 'park' : null
    default:
      return wait satisfies never
  }
}
