import type { Value, ValueMap } from '@agentloom/workflow'
import type { ModelReply, ModelRequest, Models, ToolCall } from '../ports/models.ts'
import type { ToolBox, ToolContext } from '../ports/toolbox.ts'

export interface Answer {
  readonly text?: string
  readonly calls?: readonly (Omit<ToolCall, 'id'> & { readonly id?: string })[]
}

type Said = Answer | string | Error

/** A model that says what a script says, and remembers what it was asked. */
export function scriptedModel(script: (request: ModelRequest, count: number) => Said | Promise<Said>) {
  const requests: ModelRequest[] = []
  const keys: string[] = []
  const models: Models = {
    async call(request, context) {
      requests.push(request)
      keys.push(context.idempotencyKey)
      const said = await script(request, requests.length - 1)
      context.signal.throwIfAborted()
      if (said instanceof Error) throw said
      return replyOf(typeof said === 'string' ? { text: said } : said)
    },
  }
  return { models, requests, keys }
}

function replyOf({ text = '', calls = [] }: Answer): ModelReply {
  return {
    text,
    toolCalls: calls.map((call, index) => ({ id: `c${index}`, ...call })),
    model: 'scripted',
    provider: 'test',
    finishReason: calls.length === 0 ? 'stop' : 'tool_calls',
    usage: { promptTokens: 6, completionTokens: 4, reasoningTokens: 0, totalTokens: 10 },
    costNanoUsd: 100,
    firstTokenMs: null,
  }
}

interface ScriptedTool {
  readonly run: (args: ValueMap, context: ToolContext) => Value | Promise<Value>
  readonly onUnknown?: 'retry' | 'ask' | 'verify'
  readonly verify?: (context: ToolContext) => { readonly result: Value } | null
}

/** Tools that do what the test says, and what they were called with. */
export function scriptedTools(tools: Readonly<Record<string, ScriptedTool>>) {
  const calls: { readonly name: string; readonly args: ValueMap; readonly key: string }[] = []
  const box: ToolBox = {
    names: () => Object.keys(tools).sort(),
    async call(name, args, context) {
      calls.push({ name, args, key: context.idempotencyKey })
      const tool = tools[name]
      if (tool === undefined) throw new Error(`no tool ${name}`)
      const result = await tool.run(args, context)
      context.signal.throwIfAborted()
      return result
    },
    onUnknown: (name) => tools[name]?.onUnknown ?? 'retry',
    verify: async (name, _args, context) => tools[name]?.verify?.(context) ?? null,
    attach: async ({ source }) => ({ kind: 'image', mediaType: 'image/png', data: source }),
  }
  return { box, calls }
}
