import { createHash } from 'node:crypto'
import { floatValue, pythonJson, type Value, type ValueMap } from '@agentloom/workflow'
import type { Attachment, ModelMessage, ModelRequest, ToolCall } from '@agentloom/engine/ports'

/** Under which a recorded answer is found: SHA-256 (hex) of the request's JSON as conformance/README.md and gateway.md §19 write it. */
export function requestHash(request: ModelRequest): string {
  return hashOf({
    extra: extraOf(request),
    max_tokens: request.maxTokens,
    messages: request.messages.map(messageValue),
    model: request.model,
    temperature: request.temperature === null ? null : floatValue(request.temperature),
  })
}

export function hashOf(request: ValueMap): string {
  return createHash('sha256').update(pythonJson(request)).digest('hex')
}

function extraOf({ tools, toolChoice, thinking }: ModelRequest): ValueMap {
  return {
    ...(thinking !== null && {
      thinking_config: {
        enabled: true,
        budget_tokens: thinking.budgetTokens,
        level: thinking.level,
        capture_reasoning: thinking.captureReasoning,
      },
    }),
    ...(tools.length > 0 && {
      agentloom_tools: tools.map(({ name, description, parameters }) => ({ name, description, parameters })),
      agentloom_tool_choice: typeof toolChoice === 'string' ? toolChoice : { name: toolChoice.name },
    }),
  }
}

function messageValue(message: ModelMessage): Value {
  switch (message.role) {
    case 'assistant':
      return message.toolCalls.length === 0
        ? { role: message.role, content: message.content }
        : { role: message.role, content: message.content, tool_calls: message.toolCalls.map(toolCallValue) }
    case 'tool':
      return { role: message.role, tool_call_id: message.toolCallId, content: message.content }
    case 'user': {
      const { role, content, attachments = [] } = message
      if (attachments.length === 0) return { role, content }
      return { role, content: [{ type: 'text', text: content }, ...attachments.map(blockValue)] }
    }
    default:
      return { role: message.role, content: message.content }
  }
}

function blockValue(attachment: Attachment): Value {
  const { kind, mediaType: media_type } = attachment
  return kind === 'image-url'
    ? { type: 'image_url', url: attachment.url, media_type }
    : { type: kind, data: attachment.data, media_type }
}

function toolCallValue({ id, name, arguments: args }: ToolCall): Value {
  return { id, type: 'function', function: { name, arguments: pythonJson(args ?? {}) } }
}
