import type { ProviderUsage } from '../provider.ts'
import { own } from '../record.ts'

/** More tokens than any call can have; a larger number is a mistake of the vendor's. */
const TOKENS_MAX = 1_000_000_000

/**
 * The usage of a chat completion as the vendor reports it, or null where it is missing or makes no sense: then it is estimated,
 * because a counter must never fall or become infinite. OpenAI counts reasoning into the completion; here the two are apart.
 */
export function reportedUsage(usage: unknown): ProviderUsage | null {
  const promptTokens = count(own(usage, 'prompt_tokens'))
  const completion = count(own(usage, 'completion_tokens'))
  const reasoning = optionalCount(own(own(usage, 'completion_tokens_details'), 'reasoning_tokens'))
  const cached = optionalCount(own(own(usage, 'prompt_tokens_details'), 'cached_tokens'))
  if (promptTokens === null || completion === null || reasoning === null || cached === null) return null
  if (cached > promptTokens) return null
  // Some vendors report reasoning beside the completion, not within it.
  const completionTokens = reasoning <= completion ? completion - reasoning : completion
  return {
    promptTokens,
    completionTokens,
    reasoningTokens: reasoning,
    totalTokens: promptTokens + completionTokens + reasoning,
    cachedPromptTokens: cached,
  }
}

function optionalCount(value: unknown): number | null {
  return value === undefined || value === null ? 0 : count(value)
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= TOKENS_MAX ? value : null
}
