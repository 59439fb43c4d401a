import type { CachePolicy, RetryPolicy, StepCommon } from '../../plan/plan.ts'
import type { ConfigText, StepText } from '../../schema/workflow-schema.ts'
import { millisecondsOf } from '../config.ts'
import { queueAt } from '../queue.ts'
import type { StepContext } from './context.ts'
import { expressionAt, outputAt, templateAt } from './parts.ts'

const RETRY_DEFAULT: RetryPolicy = {
  retriesMax: 3,
  backoffBase: 2,
  backoffMaxMs: 60_000,
  jitter: true,
  retryableStatusCodes: [429, 500, 502, 503, 504],
}

export function commonParts(step: StepText, context: StepContext): StepCommon {
  const { path, findings } = context
  const { priority = null, join = 'all' } = step
  return {
    id: step.id,
    output: outputAt(step.output, () => [...path, 'output'], findings),
    timeoutMs: millisecondsOf(step.timeout),
    retry: retryPolicy(step.retry, context.config),
    when: step.when === undefined || step.when === null ? null : expressionAt(step.when, ['when'], context),
    join,
    queue: queueAt(step.queue, [...path, 'queue'], findings),
    priority,
    cache: cachePolicy(step.cache, context),
  }
}

function retryPolicy(retry: StepText['retry'], config: ConfigText): RetryPolicy {
  const retriesMax = retry?.max_retries ?? config.max_retries ?? RETRY_DEFAULT.retriesMax
  // One object serves all steps that say nothing of their own.
  if (retry === undefined && retriesMax === RETRY_DEFAULT.retriesMax) return RETRY_DEFAULT
  return {
    retriesMax,
    backoffBase: retry?.backoff_base ?? RETRY_DEFAULT.backoffBase,
    backoffMaxMs: retry === undefined ? RETRY_DEFAULT.backoffMaxMs : Math.ceil(retry.backoff_max * 1_000),
    jitter: retry?.jitter ?? RETRY_DEFAULT.jitter,
    retryableStatusCodes: retry?.retryable_status_codes ?? RETRY_DEFAULT.retryableStatusCodes,
  }
}

function cachePolicy(cache: StepText['cache'], { path, findings }: StepContext): CachePolicy | null {
  if (cache === undefined || cache === null) return null
  return {
    key: templateAt(cache.key, () => [...path, 'cache', 'key'], findings),
    ttlMs: millisecondsOf(cache.ttl),
  }
}
