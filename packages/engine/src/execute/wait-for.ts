import { parseValue, renderTemplate, type WaitStep } from '@agentloom/workflow'
import { NO_USAGE } from '../journal/record.ts'
import type { Attempt, StepResult, StepWait } from './attempt.ts'
import { StepConfigError, StepTimedOutError, whole } from './failure.ts'
import { OWN_SIGNALS } from './kept-decision.ts'

const SIGNAL_NAME_MAX = 256 // characters: a name, not a payload

/** What is wrong with a signal's name, or null. */
export function signalNameProblem(name: string): string | null {
  if (name === '' || name.length > SIGNAL_NAME_MAX) return `a signal's name has 1 to ${SIGNAL_NAME_MAX} characters`
  return name.startsWith(OWN_SIGNALS) ? `a signal's name does not begin with ${OWN_SIGNALS}` : null
}

/** Waits for a signal by name, also one that was sent before. Its payload is the output. */
export async function runWaitFor(attempt: Attempt, step: WaitStep): Promise<StepResult | StepWait> {
  const { wake } = attempt
  if (wake?.kind === 'signalled') return { output: parseValue(wake.payload), usage: NO_USAGE }
  if (wake?.kind === 'elapsed') {
    if (step.onTimeout === 'continue') return { output: null, usage: NO_USAGE }
    throw new StepTimedOutError(step.id, step.waitMs ?? 0, `no signal came within ${step.waitMs} ms`)
  }
  const name = renderTemplate(whole(step.signal), attempt.state())
  if (name === '' || name.length > SIGNAL_NAME_MAX)
    throw new StepConfigError(
      'step/config',
      `Step '${step.id}': a signal's name has 1 to ${SIGNAL_NAME_MAX} characters`,
    )
  const payload = await signalledAbove(attempt, name)
  if (payload !== null) return { output: parseValue(payload), usage: NO_USAGE }
  return { wait: { kind: 'signal', name, timeoutMs: step.waitMs } }
}

/** A child run hears what was sent to the run at the top before it began; later signals come down by themselves. */
async function signalledAbove({ journal, header }: Attempt, name: string): Promise<string | null> {
  const top = header.parent === null ? null : await journal.load(header.parent.rootRunId)
  const found = top?.records.find((record) => record.kind === 'signalled' && record.name === name)
  return found?.kind === 'signalled' ? found.payload : null
}
