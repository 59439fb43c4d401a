/** What the fake server does with one request. */
export type ServerAnswer =
  | ({ readonly kind: 'answer' } & Completion)
  | {
      readonly kind: 'error'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      /** An object is sent as JSON. */
      readonly body?: unknown
    }
  | ({ readonly kind: 'bytes' } & RawReply)
  /** Takes the request and never says a word. */
  | { readonly kind: 'silence' }

export interface Completion {
  readonly text?: string | null
  readonly toolCalls?: readonly {
    readonly id?: string | null
    readonly name: string
    /** An object is sent as JSON text. */
    readonly arguments: unknown
  }[]
  /** Null: left out. Default 10 and 5 tokens. */
  readonly usage?: unknown
  /** Default `stop`, or `tool_calls` where there are some. */
  readonly finishReason?: string | null
  readonly model?: string
  readonly reasoning?: string
  readonly refusal?: string
  /** Pieces of the text when it is streamed. Default: one character each. */
  readonly pieces?: readonly string[]
  /** The answer is held until this resolves. */
  readonly after?: Promise<unknown>
}

export interface RawReply {
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent one by one, each its own packet as far as the system lets us. */
  readonly chunks: readonly (string | Uint8Array)[]
  /** `clean` ends the reply, `reset` tears the connection, `stall` leaves it open for ever. Default clean. */
  readonly ending?: 'clean' | 'reset' | 'stall'
}

const DEFAULT_USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }

/** The JSON body of a chat completion. */
export function completionBody(completion: Completion, model: string): Record<string, unknown> {
  const { text = 'Hello', toolCalls = [], reasoning, refusal, usage = DEFAULT_USAGE } = completion
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: completion.model ?? model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text,
          ...(reasoning !== undefined && { reasoning_content: reasoning }),
          ...(refusal !== undefined && { refusal }),
          ...(toolCalls.length > 0 && { tool_calls: toolCalls.map((call) => wireCall(call)) }),
        },
        finish_reason: finishOf(completion),
      },
    ],
    ...(usage !== null && { usage }),
  }
}

/** The events of the same answer as a stream, each with its blank line; the last is `[DONE]`. */
export function completionEvents(completion: Completion, model: string): readonly string[] {
  const { text = 'Hello', toolCalls = [], reasoning, refusal, usage = DEFAULT_USAGE } = completion
  const chunk = (choices: readonly unknown[], more: object = {}): string =>
    event({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: completion.model ?? model,
      choices,
      ...more,
    })
  const delta = (fields: object): string => chunk([{ index: 0, delta: fields, finish_reason: null }])
  return [
    delta({ role: 'assistant', ...(text !== null && { content: '' }) }),
    ...(reasoning === undefined ? [] : [delta({ reasoning_content: reasoning })]),
    ...(completion.pieces ?? [...(text ?? '')]).map((content) => delta({ content })),
    ...(refusal === undefined ? [] : [delta({ refusal })]),
    ...toolCalls.flatMap((call, index) => callEvents(wireCall(call), index, delta)),
    ...(finishOf(completion) === null ? [] : [chunk([{ index: 0, delta: {}, finish_reason: finishOf(completion) }])]),
    ...(usage === null ? [] : [chunk([], { usage })]),
    'data: [DONE]\n\n',
  ]
}

export function event(data: unknown): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}

interface WireCall {
  readonly id?: string | null
  readonly type: 'function'
  readonly function: { readonly name: string; readonly arguments: string }
}

function wireCall(call: NonNullable<Completion['toolCalls']>[number]): WireCall {
  const text = typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments)
  return {
    ...(call.id !== undefined && { id: call.id }),
    type: 'function',
    function: { name: call.name, arguments: text },
  }
}

/** As vendors do: first the name, then the arguments in pieces. */
function callEvents(call: WireCall, index: number, delta: (fields: object) => string): readonly string[] {
  const { name, arguments: text } = call.function
  const half = Math.ceil(text.length / 2)
  const first = {
    index,
    ...(call.id !== undefined && { id: call.id }),
    type: call.type,
    function: { name, arguments: '' },
  }
  const pieces = [text.slice(0, half), text.slice(half)].filter((piece) => piece !== '')
  return [
    delta({ tool_calls: [first] }),
    ...pieces.map((piece) => delta({ tool_calls: [{ index, function: { arguments: piece } }] })),
  ]
}

function finishOf({ finishReason, toolCalls = [] }: Completion): string | null {
  return finishReason === undefined ? (toolCalls.length > 0 ? 'tool_calls' : 'stop') : finishReason
}
