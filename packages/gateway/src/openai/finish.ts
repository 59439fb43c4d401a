import type { LanguageModelV4FinishReason } from '@ai-sdk/provider'
import type { Fail } from '../failure/errors.ts'
import type { ProviderReply } from '../provider.ts'
import { tooLarge } from './reply-body.ts'
import { tooManyToolCalls, TOOL_CALLS_MAX, toolCallsFrom, type WireToolCall } from './tool-calls.ts'
import { reportedUsage } from './usage.ts'

/** Text and tool arguments of one answer, UTF-8. */
export const ANSWER_BYTES_MAX = 10 * 1024 * 1024

/** An answer that has come to its end, by stream or in one piece. */
export interface WireAnswer {
  readonly text: string
  /** False where the vendor gave no text at all, not even an empty one. */
  readonly hasText: boolean
  readonly toolCalls: readonly WireToolCall[]
  readonly finish: LanguageModelV4FinishReason
  /** As it stood on the wire. */
  readonly usage: unknown
  readonly model: string | null
}

/** The reply that an answer makes, if it may count as one. */
export function finishedReply(answer: WireAnswer, fail: Fail, seed: string): ProviderReply {
  const { text, toolCalls, finish, model } = answer
  if (finish.unified === 'content-filter')
    throw fail({ kind: 'refused', reason: `the vendor refused to answer (${finish.raw ?? 'content filter'})` })
  if (finish.raw === 'error') throw fail({ kind: 'overloaded', reason: 'the vendor ended the answer with an error' })
  if (finish.raw === undefined || finish.unified === 'error' || finish.unified === 'interrupted')
    throw fail({ kind: 'interrupted', reason: 'the answer ended without a finish reason' })
  if (toolCalls.length > TOOL_CALLS_MAX) throw fail(tooManyToolCalls(toolCalls.length))
  if (!answer.hasText && toolCalls.length === 0 && finish.raw === 'stop')
    throw fail({ kind: 'empty', reason: 'an answer without content' })
  if (Buffer.byteLength(text) > ANSWER_BYTES_MAX) throw fail(tooLarge(ANSWER_BYTES_MAX))
  if (!text.isWellFormed()) throw fail({ kind: 'character', reason: 'half a surrogate pair in the answer' })
  return {
    text,
    toolCalls: toolCallsFrom(toolCalls, seed),
    finishReason: finish.raw,
    usage: reportedUsage(answer.usage),
    ...(model !== null && { model }),
  }
}
