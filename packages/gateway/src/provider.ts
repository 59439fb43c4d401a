import type { ModelRequest, TokenUsage, ToolCall } from '@agentloom/engine/ports'

/**
 * One vendor, or twenty lines of your own: an object with a name and a way to answer.
 *
 * Throw anything to fail: a `ProviderError` with its kind, or any error; one with a number in `status` or `statusCode` is
 * classified as that HTTP status. The gateway decides about fallback, prices the usage and estimates it where you give none.
 */
export interface Provider {
  /** Unique among the registered; also the first half of `provider/model`. */
  readonly name: string
  /** Whether a model name is one of this provider's. Must be pure: the answer is cached. Default: every name. */
  supports?(model: string): boolean
  call(request: ProviderRequest, context: ProviderContext): Promise<ProviderReply>
  close?(): Promise<void>
}

/** As the engine's request, but `model` is the vendor's own name, without `provider/`. */
export type ProviderRequest = ModelRequest

export interface ProviderContext {
  /** Give up at once when it fires, and let nothing run on. */
  readonly signal: AbortSignal
  readonly runId: string
  /** The same for every try of the same call; also the seed of made-up tool call ids. */
  readonly idempotencyKey: string
  /** Null unless the consumer wants text as it comes. After the first piece there is no fallback any more. */
  readonly onText: ((text: string) => void) | null
}

export interface ProviderReply {
  readonly text: string
  readonly toolCalls?: readonly ToolCall[]
  /** As the vendor reports it; default: the requested one. */
  readonly model?: string
  /** Who answered, where that is not the provider itself (replayed recordings). */
  readonly provider?: string
  /** The vendor's own word. Default `stop`. */
  readonly finishReason?: string
  /** Null or left out: estimated from the texts, and marked so. */
  readonly usage?: ProviderUsage | null
  /** Nano-dollars; left out: from the price table. */
  readonly costNanoUsd?: number | null
}

/** `completionTokens` does not contain the reasoning tokens; `promptTokens` does contain the cached ones. */
export interface ProviderUsage extends TokenUsage {
  readonly cachedPromptTokens?: number
}
