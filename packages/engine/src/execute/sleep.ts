import { instantIn, renderTemplate, type SleepStep } from '@agentloom/workflow'
import { NO_USAGE } from '../journal/record.ts'
import type { Attempt, Executors, StepResult, StepWait } from './attempt.ts'
import { StepConfigError, whole } from './failure.ts'

/** Waits without a worker; the journal keeps the time, so that it also passes while nobody is there. The output is null. */
export function runSleep({ clock }: Executors, attempt: Attempt, step: SleepStep): StepResult | StepWait {
  if (attempt.wake?.kind === 'elapsed') return { output: null, usage: NO_USAGE }
  const delayMs = step.durationMs ?? untilMs(attempt, step) - clock.now()
  return delayMs <= 0 ? { output: null, usage: NO_USAGE } : { wait: { kind: 'timer', delayMs: Math.ceil(delayMs) } }
}

function untilMs(attempt: Attempt, step: SleepStep): number {
  const until = whole(step.until)
  const text = until === null ? '' : renderTemplate(until, attempt.state())
  const atMs = instantIn(text)
  if (atMs === null) {
    throw new StepConfigError(
      'step/config',
      `Step '${step.id}': 'until' gives '${text.trim().slice(0, 100)}', which is no ISO date-time`,
      'write it as 2026-01-31T09:00:00Z',
    )
  }
  return atMs
}
