import type { Value } from '@agentloom/workflow'
import { kindOf } from '../arguments.ts'
import { Fault, Violation } from '../errors.ts'
import type { Policy } from '../policy/policy.ts'

/** The path argument as the user wrote it. Where rules hold, what is no path breaks them: it cannot be shown to lie inside. */
export function shownPathOf(value: Value, policy: Policy): string {
  if (typeof value === 'string' && !value.includes('\0')) return value
  const reason = typeof value === 'string' ? 'embedded null byte' : `expected a path as text, not ${kindOf(value)}`
  if (policy.guards.length > 0) throw new Violation(`Cannot resolve path: ${reason}`)
  throw new Fault(reason, { retryable: false })
}
