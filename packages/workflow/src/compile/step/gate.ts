import type { Argument, GateStep, NotifySettings, StepCommon } from '../../plan/plan.ts'
import type { StepText } from '../../schema/workflow-schema.ts'
import { parseSecretText } from '../../state/secret-text.ts'
import { millisecondsOf } from '../config.ts'
import type { StepContext } from './context.ts'
import { templateAt } from './parts.ts'

export function gateStep(common: StepCommon, step: StepText, context: StepContext): GateStep {
  const { path, findings } = context
  const onTimeout = step.on_timeout
  if (onTimeout === 'fail' || onTimeout === 'continue') {
    findings.error('workflow/schema', [...path, 'on_timeout'], 'expected one of approve, reject')
  }
  return {
    ...common,
    type: 'approval_gate',
    waitMs: millisecondsOf(step.timeout_seconds),
    onTimeout: onTimeout === 'approve' || onTimeout === 'reject' ? onTimeout : null,
    hold: step.hold ?? 'all',
    notify: notifySettings(step.notify, context),
  }
}

function notifySettings(notify: StepText['notify'], { path, compat, findings }: StepContext): NotifySettings | null {
  if (notify === null) return null
  const headers: Record<string, Argument> = {}
  for (const [name, text] of Object.entries(notify.headers)) {
    headers[name] = compat.refusesNewConstructs ? { kind: 'literal', value: text } : parseSecretText(text)
  }
  const { body_template: body } = notify
  return {
    url: notify.url,
    headers,
    // An empty one is none, as in the reference.
    body: body ? templateAt(body, () => [...path, 'notify', 'body_template'], findings) : null,
    timeoutMs: millisecondsOf(notify.timeout) ?? 1,
  }
}
