import type { LanguageModelV4CallOptions, LanguageModelV4FilePart, LanguageModelV4Message } from '@ai-sdk/provider'
import { toPlain, writeValue } from '@agentloom/workflow'
import type { Attachment, ModelMessage, ModelRequest } from '@agentloom/engine/ports'

type Tool = NonNullable<LanguageModelV4CallOptions['tools']>[number]
type InputSchema = Extract<Tool, { type: 'function' }>['inputSchema']

/** Models of OpenAI's that refuse to be told how much to think. */
const NEVER_REASONS = /^(?:chatgpt-|gpt-[34])/

/** The engine's request in the words of the AI SDK's provider interface. */
export function callOptions(request: ModelRequest): LanguageModelV4CallOptions {
  const { messages, temperature, maxTokens, tools, toolChoice, thinking } = request
  return {
    prompt: messages.map(promptMessage),
    ...(temperature !== null && { temperature }),
    ...(maxTokens !== null && { maxOutputTokens: maxTokens }),
    ...(thinking?.level != null && !NEVER_REASONS.test(request.model) && { reasoning: thinking.level }),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, parameters }): Tool => ({
        type: 'function',
        name,
        description,
        inputSchema: schemaOf(parameters),
      })),
      toolChoice: typeof toolChoice === 'string' ? { type: toolChoice } : { type: 'tool', toolName: toolChoice.name },
    }),
  }
}

function promptMessage(message: ModelMessage): LanguageModelV4Message {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.content }
    case 'user':
      return {
        role: 'user',
        content: [{ type: 'text', text: message.content }, ...(message.attachments ?? []).map(filePart)],
      }
    case 'assistant':
      return {
        role: 'assistant',
        content: [
          { type: 'text', text: message.content },
          ...message.toolCalls.map((call) => ({
            type: 'tool-call' as const,
            toolCallId: call.id,
            toolName: call.name,
            // As text: the SDK sends JSON text on as it is, so that 1.0 stays 1.0.
            input: writeValue(call.arguments ?? {}),
          })),
        ],
      }
    case 'tool':
      return {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: message.toolCallId,
            toolName: message.toolName,
            output: { type: 'text', value: message.content },
          },
        ],
      }
    default:
      return message satisfies never
  }
}

function filePart(attachment: Attachment): LanguageModelV4FilePart {
  const { mediaType } = attachment
  const data: LanguageModelV4FilePart['data'] =
    attachment.kind === 'image-url'
      ? { type: 'url', url: new URL(attachment.url) }
      : { type: 'data', data: attachment.data }
  return { type: 'file', mediaType, data }
}

/** A schema without anything in it is refused by vendors; an object that takes nothing is meant. */
function schemaOf(parameters: ModelRequest['tools'][number]['parameters']): InputSchema {
  const plain = toPlain(parameters)
  return typeof plain === 'object' && plain !== null && Object.keys(plain).length > 0
    ? plain
    : { type: 'object', properties: {} }
}
