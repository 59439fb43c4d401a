import type { LanguageModelV4FinishReason, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { failureInBody } from '../failure/classify.ts'
import type { Fail, Failure } from '../failure/errors.ts'
import { own } from '../record.ts'
import { ANSWER_BYTES_MAX, type WireAnswer } from './finish.ts'
import { tooLarge } from './reply-body.ts'
import { toolCallPieces } from './streamed-tool-calls.ts'
import { tooManyToolCalls, TOOL_CALLS_MAX } from './tool-calls.ts'

interface StreamHooks {
  readonly fail: Fail
  /** The first piece of the answer has come: text, reasoning or tool call. */
  readonly onBegun: () => void
  readonly onText: (text: string) => void
}

/**
 * Reads a stream to its end. It counts as an answer only with a proper finish: an error in the stream, an event that cannot be read,
 * a missing finish reason and a broken connection all fail it. After the first finish reason nothing counts but usage.
 *
 * Each event of the wire comes twice: as it stood (`raw`), then as what the SDK made of it. Text is taken from the latter; finish
 * reasons, usage and tool calls from the former, because the SDK takes the last reason, makes up ids and joins late pieces.
 */
export async function answerOfStream(
  parts: ReadableStream<LanguageModelV4StreamPart>,
  { fail, onBegun, onText }: StreamHooks,
): Promise<WireAnswer> {
  const calls = toolCallPieces()
  const texts: string[] = []
  let hasText = false
  let bytes = 0
  let raw: unknown
  let hasEvents = false
  let firstReason: string | null = null
  let isFinished = false
  let usage: unknown
  let model: string | null = null
  let finish: LanguageModelV4FinishReason | null = null

  const count = (text: string): void => {
    bytes += Buffer.byteLength(text)
    if (bytes > ANSWER_BYTES_MAX) throw fail(tooLarge(ANSWER_BYTES_MAX))
  }
  const readRaw = (): void => {
    const choices = own(raw, 'choices')
    const choice: unknown = Array.isArray(choices) ? choices[0] : undefined
    const delta = own(choice, 'delta')
    usage = own(raw, 'usage') ?? usage
    model ??= stringOr(own(raw, 'model'), null)
    // The event with the reason may also carry the last piece: it ends the answer for those behind it.
    isFinished = firstReason !== null
    if (isFinished) return
    firstReason = stringOr(own(choice, 'finish_reason'), null)
    if (typeof own(delta, 'content') === 'string') hasText = true
    const pieces = own(delta, 'tool_calls')
    if (!Array.isArray(pieces)) return
    for (const piece of pieces) {
      onBegun()
      count(stringOr(own(own(piece, 'function'), 'arguments'), ''))
      calls.add(piece)
      if (calls.calls.length > TOOL_CALLS_MAX) throw fail(tooManyToolCalls(calls.calls.length))
    }
  }

  for await (const part of parts) {
    switch (part.type) {
      case 'raw':
        raw = part.rawValue
        hasEvents = true
        readRaw()
        break
      case 'reasoning-delta':
        onBegun()
        count(part.delta)
        break
      case 'text-delta':
        if (isFinished) break
        onBegun()
        count(part.delta)
        hasText = true
        texts.push(part.delta)
        onText(part.delta)
        break
      case 'error':
        throw fail(failureInEvent(raw, hasEvents, firstReason))
      case 'finish':
        finish = part.finishReason
        break
      default:
        break
    }
  }
  if (finish === null) throw fail({ kind: 'interrupted', reason: 'the stream ended without a finish' })
  // The SDK knows what reasons mean, but it looks at the last one.
  const unified =
    finish.raw === firstReason ? finish.unified : firstReason === 'content_filter' ? 'content-filter' : 'other'
  return {
    text: texts.join(''),
    hasText,
    toolCalls: calls.calls,
    finish: { unified, raw: firstReason ?? undefined },
    usage,
    model,
  }
}

/** What an error part of the SDK is about: the event before it, or the end of the stream. */
function failureInEvent(raw: unknown, hasEvents: boolean, reason: string | null): Failure {
  if (!hasEvents) return { kind: 'not-a-stream', reason: 'asked for a stream, got no event' }
  const said = failureInBody(raw) ?? (typeof own(raw, 'message') === 'string' ? failureInBody({ error: raw }) : null)
  if (said !== null) return said
  const what =
    reason === null ? 'the stream was cut or an event in it cannot be read' : 'an event in the stream cannot be read'
  return { kind: 'interrupted', reason: what }
}

function stringOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' ? value : otherwise
}
