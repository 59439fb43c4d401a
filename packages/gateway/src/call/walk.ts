import type { CallContext, ModelReply, ModelRequest, Random } from '@agentloom/engine/ports'
import type { Candidate } from '../candidates/candidates.ts'
import { ProvidersUnavailableError, type ProviderError } from '../failure/errors.ts'
import { treatments } from '../failure/treatment.ts'
import { tryOnce, type TryParts } from './try-once.ts'

export interface WalkParts extends TryParts {
  readonly random: Random
}

/** Second tries within one call, over all candidates: a step retries the whole call on top of that. */
const SECOND_TRIES_MAX = 2
/** A longer wait holds a worker's slot for nothing: the step is retried instead, when the vendor said. */
const RATE_WAIT_MAX_MS = 1_000
/** Back-off before a second try at the same candidate: uniform between the two. */
const BACKOFF_MIN_MS = 300
const BACKOFF_MAX_MS = 1_000

/**
 * One pass over the candidates, in order, as the treatment of each failure says.
 * @throws {ProviderError} a failure for good, or a stream that broke after its first piece reached the consumer
 * @throws {ProvidersUnavailableError} everybody failed
 * @throws the signal's reason
 */
export async function walk(
  candidates: readonly Candidate[],
  request: ModelRequest,
  context: CallContext,
  parts: WalkParts,
): Promise<ModelReply> {
  const failures: ProviderError[] = []
  let attempt = 0
  let secondTries = 0
  for (const candidate of candidates) {
    for (let isSecond = false; ; isSecond = true) {
      attempt += 1
      if (isSecond) secondTries += 1
      const result = await tryOnce(candidate, request, context, attempt, parts)
      if ('reply' in result) return result.reply
      const { failure, hasStreamed } = result
      const treatment = treatments[failure.kind]
      if (hasStreamed || !treatment.next) throw failure
      const waitMs = isSecond || secondTries === SECOND_TRIES_MAX ? null : waitBeforeAgain(failure, parts.random)
      if (waitMs === null) {
        failures.push(failure)
        break
      }
      if (waitMs > 0) await parts.clock.sleep(waitMs, context.signal)
    }
  }
  throw new ProvidersUnavailableError(request.model, failures)
}

/** Milliseconds until the same candidate is worth another try; null: not in this call. */
function waitBeforeAgain(failure: ProviderError, random: Random): number | null {
  if (treatments[failure.kind].again === 0) return null
  if (failure.retryAfterMs !== null) return failure.retryAfterMs <= RATE_WAIT_MAX_MS ? failure.retryAfterMs : null
  if (failure.kind === 'rate-limited') return null
  if (failure.kind === 'empty') return 0
  return BACKOFF_MIN_MS + random() * (BACKOFF_MAX_MS - BACKOFF_MIN_MS)
}
