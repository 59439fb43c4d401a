import type { LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import { failureInBody } from '../failure/classify.ts'
import type { Fail } from '../failure/errors.ts'
import { own } from '../record.ts'
import type { WireAnswer } from './finish.ts'
import type { WireToolCall } from './tool-calls.ts'

/**
 * The answer of a reply in one piece. Text comes from the SDK, which knows the vendors' shapes; ids and usage from the body, because the
 * SDK makes up missing ids at random and rounds missing numbers to 0.
 */
export function answerOfReply(result: LanguageModelV4GenerateResult, fail: Fail): WireAnswer {
  const body = result.response?.body
  const inBody = failureInBody(body)
  if (inBody !== null) throw fail(inBody)
  const choices = own(body, 'choices')
  const message = own(Array.isArray(choices) ? choices[0] : undefined, 'message')
  const texts = result.content.flatMap((part) => (part.type === 'text' ? part.text : []))
  const content = own(message, 'content')
  return {
    text: texts.join(''),
    hasText: texts.length > 0 || typeof content === 'string',
    toolCalls: toolCallsOf(own(message, 'tool_calls')),
    finish: result.finishReason,
    usage: own(body, 'usage'),
    model: result.response?.modelId ?? null,
  }
}

function toolCallsOf(calls: unknown): readonly WireToolCall[] {
  if (!Array.isArray(calls)) return []
  return calls.map((call: unknown) => ({
    id: text(own(call, 'id')),
    name: text(own(own(call, 'function'), 'name')),
    arguments: text(own(own(call, 'function'), 'arguments')),
  }))
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
