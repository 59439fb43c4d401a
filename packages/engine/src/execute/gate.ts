import type { GateStep } from '@agentloom/workflow'
import { NO_USAGE } from '../journal/record.ts'
import type { Attempt, Executors, StepResult, StepWait } from './attempt.ts'
import { StepConfigError, StepTimedOutError } from './failure.ts'
import { keptDecision } from './kept-decision.ts'
import { notify } from './notify.ts'

/** The only note of a gate. */
const NOTIFIED = '{"kind":"notified"}'

/**
 * Waits for a human. The decision comes through the journal and is the output; a rejection is a success like any other, and
 * what follows is the workflow's to route. Nothing in the state decides: a step could write it there.
 */
export async function runGate(executors: Executors, attempt: Attempt, step: GateStep): Promise<StepResult | StepWait> {
  const { wake } = attempt
  if (wake?.kind === 'decided') return { output: checked(step, wake.decision), usage: NO_USAGE }
  if (wake?.kind === 'elapsed') return { output: byDefault(step), usage: NO_USAGE }
  const kept = await keptDecision(attempt)
  if (kept !== null) return { output: checked(step, kept), usage: NO_USAGE }
  if (step.notify !== null && !(await isNotified(attempt))) {
    await notify(executors, attempt, step.notify)
    await attempt.journal.append(attempt.held.claim, { text: NOTIFIED, usage: null }) // stale: the wait will be, too
  }
  return { wait: { kind: 'gate', timeoutMs: step.waitMs } }
}

function checked(step: GateStep, decision: string): string {
  if (decision === 'approved' || decision === 'rejected') return decision
  throw new StepConfigError(
    'gate/decision',
    `Step '${step.id}': Invalid approval decision '${decision.slice(0, 100)}'. Expected 'approved' or 'rejected'.`,
    'resume the run to be asked again',
  )
}

function byDefault(step: GateStep): string {
  if (step.onTimeout === 'approve') return 'approved'
  if (step.onTimeout === 'reject') return 'rejected'
  throw new StepTimedOutError(step.id, step.waitMs ?? 0, `nobody decided within ${step.waitMs} ms`)
}

/** Whoever takes the step over from a worker that died after sending does not send again. */
async function isNotified({ journal, header, node, held }: Attempt): Promise<boolean> {
  return held.claim.epoch > 1 && (await journal.notes(header.runId, node.id)).includes(NOTIFIED)
}
