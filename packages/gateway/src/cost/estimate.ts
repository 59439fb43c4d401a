import { writeValue, type ToolDeclaration } from '@agentloom/workflow'
import type { ModelMessage, ModelRequest } from '@agentloom/engine/ports'
import type { ProviderUsage } from '../provider.ts'

/** Bytes of UTF-8 a token. English has about four; three is on the dear side for every language we tried. */
const BYTES_PER_TOKEN = 3
/** Role and separators of a message. */
const MESSAGE_TOKENS = 4

/** Vendors count by size, pages and seconds, which nobody knows before they have looked. */
const ATTACHMENT_TOKENS = { image: 1_500, 'image-url': 1_500, document: 6_000, audio: 3_000 }

/** What a call has probably used, where the vendor does not say: on the dear side and never 0. */
export function estimatedUsage(request: ModelRequest, completion: string): ProviderUsage {
  const promptTokens = sum(request.messages.map(messageTokens)) + sum(request.tools.map(toolTokens))
  const completionTokens = textTokens(completion)
  return {
    promptTokens,
    completionTokens,
    reasoningTokens: 0,
    totalTokens: promptTokens + completionTokens,
    isEstimated: true,
  }
}

function messageTokens(message: ModelMessage): number {
  const calls = message.role === 'assistant' ? message.toolCalls : []
  const attachments = message.role === 'user' ? (message.attachments ?? []) : []
  return (
    MESSAGE_TOKENS +
    sum(attachments.map(({ kind }) => ATTACHMENT_TOKENS[kind])) +
    textTokens(message.content) +
    sum(calls.map((call) => textTokens(call.name) + textTokens(writeValue(call.arguments))))
  )
}

function toolTokens({ name, description, parameters }: ToolDeclaration): number {
  return MESSAGE_TOKENS + textTokens(name) + textTokens(description) + textTokens(writeValue(parameters))
}

function textTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
