import type { SleepStep, StepCommon, WaitStep } from '../../plan/plan.ts'
import type { StepText } from '../../schema/workflow-schema.ts'
import { instantIn } from '../../value/instant.ts'
import { millisecondsOf } from '../config.ts'
import type { StepContext } from './context.ts'
import { templateAt } from './parts.ts'

export function sleepStep(common: StepCommon, step: StepText, { path, findings }: StepContext): SleepStep {
  const { seconds = null, until = null } = step
  if ((seconds === null) === (until === null)) {
    const message = seconds === null ? '`seconds` or `until` is missing' : '`seconds` and `until` exclude each other'
    findings.error('workflow/schema', seconds === null ? path : [...path, 'until'], message)
  }
  // Braces are a template, of which only the run knows what it gives.
  if (until !== null && !/[{}]/.test(until) && instantIn(until) === null) {
    const help = 'write it as 2026-01-31T09:00:00Z'
    findings.error('workflow/schema', [...path, 'until'], '`until` is no ISO date-time', { help })
  }
  return {
    ...common,
    type: 'sleep',
    // Here 0 is no time, not none.
    durationMs: until === null ? (millisecondsOf(seconds) ?? 0) : null,
    until: until === null ? null : templateAt(until, () => [...path, 'until'], findings),
  }
}

export function waitStep(common: StepCommon, step: StepText, { path, findings }: StepContext): WaitStep {
  const { signal, on_timeout: onTimeout } = step
  if (!signal) findings.error('workflow/schema', [...path, 'signal'], '`signal` is missing')
  if (onTimeout === 'approve' || onTimeout === 'reject') {
    findings.error('workflow/schema', [...path, 'on_timeout'], 'expected one of fail, continue')
  }
  return {
    ...common,
    type: 'wait_for',
    // The time that it may wait, which is nobody's attempt.
    timeoutMs: null,
    signal: templateAt(signal ?? '', () => [...path, 'signal'], findings),
    waitMs: common.timeoutMs,
    onTimeout: onTimeout === 'continue' ? 'continue' : 'fail',
  }
}
