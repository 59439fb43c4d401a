import type { MockSettings, ThinkingSettings, ToolDeclaration, Value } from '@agentloom/workflow'

/** The room for models, as the engine sees it; the gateway implements it. */
export interface Models {
  /**
   * One answer from the first candidate that can give it.
   * @throws {AgentloomError} typed and with `retryable` decided; `provider/unavailable` when every candidate failed
   */
  call(request: ModelRequest, context: CallContext): Promise<ModelReply>
}

export interface ModelRequest {
  /** Model name as the workflow writes it, perhaps `provider/model`. */
  readonly model: string
  /** `config.provider`: preferred among equal candidates. */
  readonly provider: string
  readonly messages: readonly ModelMessage[]
  readonly temperature: number | null
  readonly maxTokens: number | null
  readonly tools: readonly ToolDeclaration[]
  readonly toolChoice: 'auto' | 'required' | 'none' | { readonly name: string }
  readonly stream: boolean
  /** Null unless the step asks for it. */
  readonly thinking: ThinkingSettings | null
  /** Set where the workflow says `provider: mock`: the answers come from here and from nowhere else. */
  readonly mock: MockSettings | null
  readonly stepId: string
  /** How many model calls this step has made before in this run (0-based): picks the turn of a recorded answer. */
  readonly turn: number
}

export type ModelMessage =
  | { readonly role: 'system'; readonly content: string }
  /** Attachments follow the text, in their order. */
  | { readonly role: 'user'; readonly content: string; readonly attachments?: readonly Attachment[] }
  | { readonly role: 'assistant'; readonly content: string; readonly toolCalls: readonly ToolCall[] }
  | {
      readonly role: 'tool'
      readonly toolCallId: string
      readonly toolName: string
      readonly content: string
      /** The call failed, or was not made; `content` says why. */
      readonly isError: boolean
    }

export type Attachment =
  | {
      readonly kind: 'image' | 'document' | 'audio'
      readonly mediaType: string
      /** Base64. */
      readonly data: string
    }
  /** Fetched by the vendor. */
  | { readonly kind: 'image-url'; readonly mediaType: string; readonly url: string }

export interface ToolCall {
  readonly id: string
  readonly name: string
  /** Parsed arguments; null when what the model sent is not a JSON object (it is then not executed). */
  readonly arguments: { readonly [name: string]: Value } | null
}

export interface CallContext {
  readonly signal: AbortSignal
  readonly runId: string
  /** Stays the same over attempts and workers: `runId:stepId:visit` and the turn. */
  readonly idempotencyKey: string
  /** Text as it arrives, when `stream` is on. Must not throw. */
  readonly onText: ((text: string) => void) | null
}

export interface ModelReply {
  readonly text: string
  readonly toolCalls: readonly ToolCall[]
  readonly model: string
  readonly provider: string
  readonly finishReason: string
  readonly usage: TokenUsage
  /** Nano-dollars; null where no price is known (counted as 0, and said so). */
  readonly costNanoUsd: number | null
  readonly firstTokenMs: number | null
}

export interface TokenUsage {
  readonly promptTokens: number
  readonly completionTokens: number
  readonly totalTokens: number
  readonly reasoningTokens: number
  /** True where the vendor did not say, or said nonsense: then on the dear side, never 0. */
  readonly isEstimated?: boolean
}
