import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ModelRequest, ToolCall } from '@agentloom/engine/ports'
import type { ToolDeclaration } from '@agentloom/workflow'
import type { Provider } from '../provider.ts'
import { startOpenAIServer, type OpenAIServer } from '../testing/openai-server.ts'
import { callContext, modelRequest } from '../testing/requests.ts'
import { openAICompatible } from './openai-compatible.ts'

let server: OpenAIServer
let provider: Provider

beforeEach(async () => {
  server = await startOpenAIServer()
  provider = openAICompatible({ name: 'openai', baseURL: server.url, apiKey: 'the-secret-key' })
})

afterEach(async () => {
  await provider.close?.()
  await server.close()
})

const weather: ToolDeclaration = {
  name: 'weather',
  description: 'Weather of a town',
  parameters: { type: 'object', properties: { town: { type: 'string' } } },
}

function ask(fields: Partial<ModelRequest> = {}) {
  return provider.call(modelRequest(fields), callContext())
}

async function askStreaming(fields: Partial<ModelRequest> = {}) {
  const pieces: string[] = []
  const context = callContext({ onText: (text) => pieces.push(text) })
  const reply = await provider.call(modelRequest({ stream: true, ...fields }), context)
  return { ...reply, pieces }
}

test('an answer in one piece', async () => {
  server.next({ kind: 'answer', text: 'Grüß dich 😀', model: 'demo-model-2025' })
  expect(await ask()).toEqual({
    text: 'Grüß dich 😀',
    toolCalls: [],
    model: 'demo-model-2025',
    finishReason: 'stop',
    usage: { promptTokens: 10, completionTokens: 5, reasoningTokens: 0, totalTokens: 15, cachedPromptTokens: 0 },
  })
})

test('the same answer streamed', async () => {
  server.next({ kind: 'answer', text: 'Grüß dich', pieces: ['Grüß', ' dich'] })
  expect(await askStreaming()).toEqual({
    text: 'Grüß dich',
    pieces: ['Grüß', ' dich'],
    toolCalls: [],
    model: 'demo-model',
    finishReason: 'stop',
    usage: { promptTokens: 10, completionTokens: 5, reasoningTokens: 0, totalTokens: 15, cachedPromptTokens: 0 },
  })
  expect(server.requests[0]?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } })
})

test('the request has what the step says and nothing else', async () => {
  await ask({
    messages: [
      { role: 'system', content: 'Be kind' },
      { role: 'user', content: 'Hi' },
    ],
  })
  const request = server.requests[0]
  expect(request?.path).toBe('/v1/chat/completions')
  expect(request?.headers.authorization).toBe('Bearer the-secret-key')
  expect(request?.body).toEqual({
    model: 'demo-model',
    messages: [
      { role: 'system', content: 'Be kind' },
      { role: 'user', content: 'Hi' },
    ],
  })
  await ask({ temperature: 0, maxTokens: 7 })
  expect(server.requests[1]?.body).toMatchObject({ temperature: 0, max_tokens: 7 })
})

test.each(['gpt-5-mini', 'o3', 'o4-mini-2025-04-16'])('%s is told its limit as it wants to hear it', async (model) => {
  await ask({ model, maxTokens: 7 })
  expect(server.requests[0]?.body).toMatchObject({ max_completion_tokens: 7 })
  expect(server.requests[0]?.body).not.toHaveProperty('max_tokens')
})

test('tools are offered with the choice, an empty schema becomes an object that takes nothing', async () => {
  const bare: ToolDeclaration = { name: 'now', description: '', parameters: {} }
  await ask({ tools: [weather, bare], toolChoice: { name: 'weather' } })
  expect(server.requests[0]?.body).toMatchObject({
    tool_choice: { type: 'function', function: { name: 'weather' } },
    tools: [
      {
        type: 'function',
        function: { name: 'weather', description: 'Weather of a town', parameters: { type: 'object' } },
      },
      { type: 'function', function: { name: 'now', parameters: { type: 'object', properties: {} } } },
    ],
  })
})

test.each([false, true])('tool calls come back (streamed: %s), and their results go out', async (stream) => {
  server.next({
    kind: 'answer',
    text: null,
    toolCalls: [
      { id: 'c1', name: 'weather', arguments: { town: 'Ulm' } },
      { id: 'c2', name: 'weather', arguments: '{"town": "Jena", "days": 1.0}' },
    ],
  })
  const reply = await ask({ tools: [weather], stream })
  expect(reply).toMatchObject({ text: '', finishReason: 'tool_calls' })
  const calls: readonly ToolCall[] = reply.toolCalls ?? []
  expect(calls.map(({ id, name }) => [id, name])).toEqual([
    ['c1', 'weather'],
    ['c2', 'weather'],
  ])
  await ask({
    messages: [
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', content: '', toolCalls: calls },
      { role: 'tool', toolCallId: 'c1', toolName: 'weather', content: 'sun', isError: false },
      { role: 'tool', toolCallId: 'c2', toolName: 'weather', content: 'rain', isError: false },
    ],
  })
  expect(server.requests[1]?.body?.['messages']).toEqual([
    { role: 'user', content: 'Weather?' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"town":"Ulm"}' } },
        { id: 'c2', type: 'function', function: { name: 'weather', arguments: '{"town":"Jena","days":1.0}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'c1', content: 'sun' },
    { role: 'tool', tool_call_id: 'c2', content: 'rain' },
  ])
})

test.each([false, true])(
  'reasoning is counted apart from the completion and is no text (streamed: %s)',
  async (stream) => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 50,
      completion_tokens_details: { reasoning_tokens: 30 },
      prompt_tokens_details: { cached_tokens: 64 },
    }
    server.next({ kind: 'answer', text: 'So.', reasoning: 'Let me think', usage })
    const reply = await ask({ stream })
    expect(reply.text).toBe('So.')
    expect(reply.usage).toEqual({
      promptTokens: 100,
      completionTokens: 20,
      reasoningTokens: 30,
      totalTokens: 150,
      cachedPromptTokens: 64,
    })
  },
)

test.each([
  ['missing', null],
  ['negative', { prompt_tokens: -5, completion_tokens: 1 }],
  ['endless', { prompt_tokens: 1e300, completion_tokens: 1 }],
  ['broken', { prompt_tokens: 1.5, completion_tokens: 1 }],
  ['half there', { prompt_tokens: 3 }],
  ['more cached than sent', { prompt_tokens: 3, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 9 } }],
])('usage that is %s is left to the estimate', async (_what, usage) => {
  server.next({ kind: 'answer', usage }, { kind: 'answer', usage })
  expect((await ask()).usage).toBeNull()
  expect((await askStreaming()).usage).toBeNull()
})

test('the vendor’s own finish reason is kept, also one that nobody knows', async () => {
  server.next(
    { kind: 'answer', finishReason: 'length' },
    { kind: 'answer', finishReason: 'banana' },
    { kind: 'answer', finishReason: 'banana' },
  )
  expect((await ask()).finishReason).toBe('length')
  expect((await ask()).finishReason).toBe('banana')
  expect((await askStreaming()).finishReason).toBe('banana')
})

test.each([['{bad'], [''], ['[]'], ['{}{"evil":1}'], [String.raw`{"a": "\ud800"}`], ['{"__proto__": {"a": 1}}']])(
  'arguments %j are not executed',
  async (args) => {
    const answer = { kind: 'answer', text: null, toolCalls: [{ id: 'c1', name: 'weather', arguments: args }] } as const
    server.next(answer, answer)
    expect((await ask()).toolCalls).toEqual([{ id: 'c1', name: 'weather', arguments: null }])
    expect((await askStreaming()).toolCalls).toEqual([{ id: 'c1', name: 'weather', arguments: null }])
  },
)

test.each([false, true])('missing and doubled ids are made, the same every time (streamed: %s)', async (stream) => {
  const call = (id: string | null | undefined) => ({ ...(id !== undefined && { id }), name: 'weather', arguments: {} })
  const answer = {
    kind: 'answer',
    text: null,
    toolCalls: [call('1'), call('1'), call(null), call(''), call(undefined)],
  } as const
  server.next(answer, answer)
  const first = (await ask({ stream })).toolCalls?.map(({ id }) => id) ?? []
  const again = (await ask({ stream })).toolCalls?.map(({ id }) => id) ?? []
  expect(first[0]).toBe('1')
  expect(new Set(first).size).toBe(5)
  expect(again).toEqual(first)
})

test('a finish without content, but with an empty text, is an empty answer', async () => {
  server.next({ kind: 'answer', text: '' }, { kind: 'answer', text: '' })
  expect((await ask()).text).toBe('')
  expect((await askStreaming()).text).toBe('')
})

test('half a character is not shown, and put together again', async () => {
  server.next({ kind: 'answer', pieces: ['a\ud83d', '\ude00b'], text: '' })
  const { text, pieces } = await askStreaming()
  expect(text).toBe('a😀b')
  expect(pieces.every((piece) => piece.isWellFormed())).toBe(true)
})

test.each(['ftp://example.com/v1', 'not a url', 'https://user:pass@example.com/v1', 'https://example.com/v1?key=1'])(
  'the base URL %s is refused',
  (baseURL) => {
    expect(() => openAICompatible({ name: 'x', baseURL })).toThrow(/x\.baseURL/)
  },
)

test('a key that cannot stand in a header is refused unseen', () => {
  const make = () => openAICompatible({ name: 'x', baseURL: server.url, apiKey: 'abc\ndef' })
  expect(make).toThrow(/x\.apiKey/)
  expect(make).not.toThrow(/abc/)
})

test('models that are listed are the only ones', () => {
  const some = openAICompatible({ name: 'x', baseURL: server.url, models: ['a'] })
  expect([some.supports?.('a'), some.supports?.('b')]).toEqual([true, false])
})

test('a server of one’s own costs nothing', async () => {
  const free = openAICompatible({ name: 'local', baseURL: server.url, isFree: true })
  expect((await free.call(modelRequest(), callContext())).costNanoUsd).toBe(0)
  expect(server.requests[0]?.headers.authorization).toBeUndefined()
  await free.close?.()
})

test('attachments follow the text, each in the shape of chat completions', async () => {
  await ask({
    messages: [
      {
        role: 'user',
        content: 'What is this?',
        attachments: [
          { kind: 'image', mediaType: 'image/png', data: 'AA==' },
          { kind: 'image-url', mediaType: 'image/png', url: 'https://example.com/a.png' },
          { kind: 'audio', mediaType: 'audio/mpeg', data: 'AQ==' },
          { kind: 'document', mediaType: 'application/pdf', data: 'Ag==' },
        ],
      },
    ],
  })
  expect(server.requests[0]?.body?.['messages']).toEqual([
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        { type: 'input_audio', input_audio: { data: 'AQ==', format: 'mp3' } },
        { type: 'file', file: { filename: 'document.pdf', file_data: 'data:application/pdf;base64,Ag==' } },
      ],
    },
  ])
})

test('an attachment that the wire does not know is for another provider', async () => {
  const attachments = [{ kind: 'audio', mediaType: 'audio/flac', data: 'AQ==' }] as const
  await expect(ask({ messages: [{ role: 'user', content: 'x', attachments }] })).rejects.toMatchObject({
    code: 'provider/unsupported',
    retryable: false,
  })
  expect(server.requests).toEqual([])
})

test('how much to think is told to models that think', async () => {
  const thinking = { budgetTokens: null, level: 'high', captureReasoning: true } as const
  await ask({ model: 'o4-mini', thinking })
  await ask({ model: 'gpt-4o', thinking })
  await ask({ model: 'o4-mini', thinking: { ...thinking, level: null } })
  expect(server.requests.map(({ body }) => body?.['reasoning_effort'])).toEqual(['high', undefined, undefined])
})
