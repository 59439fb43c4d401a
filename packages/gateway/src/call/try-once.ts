import type { CallContext, Clock, ModelReply, ModelRequest } from '@agentloom/engine/ports'
import type { Candidate } from '../candidates/candidates.ts'
import type { PriceBook } from '../cost/price-book.ts'
import { estimatedUsage } from '../cost/estimate.ts'
import type { ProviderError } from '../failure/errors.ts'
import { providerErrorFrom } from '../failure/from-thrown.ts'
import type { CallObserver } from './attempt.ts'
import { textSink } from './text-sink.ts'

export interface TryParts {
  readonly clock: Clock
  readonly prices: PriceBook
  readonly observe: CallObserver
}

export type TryResult =
  | { readonly reply: ModelReply }
  | { readonly failure: ProviderError; readonly hasStreamed: boolean }

/**
 * One try at one candidate, told to the observer however it ends.
 * @throws the signal's reason when the call is cancelled; every other failure is a result
 */
export async function tryOnce(
  { provider, model }: Candidate,
  request: ModelRequest,
  context: CallContext,
  attempt: number,
  { clock, prices, observe }: TryParts,
): Promise<TryResult> {
  const startedAt = clock.monotonic()
  const sink = textSink(context.onText, () => clock.monotonic() - startedAt)
  const about = { runId: context.runId, stepId: request.stepId, provider: provider.name, model, attempt }
  const tell: CallObserver = (told) => {
    try {
      observe(told)
    } catch {
      // An observer that fails must not fail a call that has been paid for.
    }
  }
  const end = () => ({ durationMs: clock.monotonic() - startedAt, firstTokenMs: sink.firstTokenMs() })
  try {
    context.signal.throwIfAborted()
    const { signal, runId, idempotencyKey } = context
    const answer = await provider.call({ ...request, model }, { signal, runId, idempotencyKey, onText: sink.onText })
    const toolCalls = answer.toolCalls ?? []
    const usage =
      answer.usage ?? estimatedUsage(request, answer.text + JSON.stringify(toolCalls.map(({ name }) => name)))
    const costNanoUsd = answer.costNanoUsd !== undefined ? answer.costNanoUsd : prices.costNanoUsd(model, usage)
    const { promptTokens, completionTokens, totalTokens, reasoningTokens } = usage
    const reply: ModelReply = {
      text: answer.text,
      toolCalls,
      model: answer.model ?? model,
      provider: answer.provider ?? provider.name,
      finishReason: answer.finishReason ?? 'stop',
      usage: {
        promptTokens,
        completionTokens,
        totalTokens,
        reasoningTokens,
        ...(usage.isEstimated === true && { isEstimated: true }),
      },
      costNanoUsd,
      firstTokenMs: sink.firstTokenMs(),
    }
    tell({ ...about, ...end(), outcome: 'success', code: null, status: null, usage: reply.usage, costNanoUsd })
    return { reply }
  } catch (error) {
    if (context.signal.aborted) {
      tell({ ...about, ...end(), outcome: 'cancelled', code: null, status: null, usage: null, costNanoUsd: null })
      throw context.signal.reason
    }
    const failure = providerErrorFrom(provider.name, error)
    const { code, status, usage } = failure
    const costNanoUsd = usage === null ? null : prices.costNanoUsd(model, usage)
    tell({ ...about, ...end(), outcome: 'failed', code, status, usage, costNanoUsd })
    return { failure, hasStreamed: sink.hasStreamed() }
  }
}
