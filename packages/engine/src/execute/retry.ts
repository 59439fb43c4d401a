import type { RetryPolicy } from '@agentloom/workflow'
import type { Random } from '../ports/clock.ts'
import type { Failure } from './failure.ts'

/** Whether the step is tried again after its `attempt` (1-based) failed. */
export function isTriedAgain(policy: RetryPolicy, attempt: number, failure: Failure): boolean {
  if (attempt > policy.retriesMax) return false
  if (failure.status !== null) return policy.retryableStatusCodes.includes(failure.status)
  return failure.isRetryable
}

/** Milliseconds before the next attempt: 1, base, base², … seconds, capped, ±25 % with jitter (steps.md §7). */
export function backoffMs(policy: RetryPolicy, attempt: number, random: Random): number {
  const exponent = attempt - 1
  const growth = policy.backoffBase <= 0 && exponent > 0 ? 0 : policy.backoffBase ** exponent
  const capped = Math.min(Number.isFinite(growth) ? growth * 1000 : policy.backoffMaxMs, policy.backoffMaxMs)
  const factor = policy.jitter ? 0.75 + random() / 2 : 1
  return Math.max(0, Math.round(capped * factor))
}
