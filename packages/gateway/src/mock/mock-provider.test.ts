import { parseValue, type MockSettings } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import type { ModelRequest } from '@agentloom/engine/ports'
import { fakeClock } from '../testing/fake-clock.ts'
import { callContext, modelRequest } from '../testing/requests.ts'
import { mockProvider } from './mock-provider.ts'
import { hashOf, requestHash } from './request-hash.ts'

async function answer(file: unknown, request: Partial<ModelRequest> = {}) {
  const responses = file === null || typeof file === 'string' ? file : JSON.stringify(file)
  const mock: MockSettings = { responses, latencyModel: 'constant', latencyMs: 0 }
  return mockProvider().call(modelRequest({ mock, ...request }), callContext())
}

test('an answer is found by step id, before the hash', async () => {
  const file = { ask: { content: 'by id' }, [requestHash(modelRequest())]: { content: 'by hash' } }
  expect((await answer(file)).text).toBe('by id')
  expect((await answer(file, { stepId: 'other' })).text).toBe('by hash')
})

test('who is not recorded hears the default, for nothing', async () => {
  const expected = {
    text: 'Mock response',
    provider: 'mock',
    model: 'demo-model',
    finishReason: 'stop',
    costNanoUsd: 0,
  }
  expect(await answer({})).toMatchObject(expected)
  expect(await answer(null)).toMatchObject(expected)
})

test('a list is played by the turn, its last one repeats', async () => {
  const file = { ask: [{ content: 'one' }, { content: 'two' }] }
  const heard = await Promise.all([0, 1, 2, 9].map(async (turn) => (await answer(file, { turn })).text))
  expect(heard).toEqual(['one', 'two', 'two', 'two'])
})

test('turns are played under a hash as well', async () => {
  const file = { [requestHash(modelRequest())]: [{ content: 'one' }, { content: 'two' }] }
  expect((await answer(file, { turn: 1 })).text).toBe('two')
})

test.each([[[]], ['text'], [7], [null], [[null]]])(
  'an entry %j under the step id is the default, the hash is not tried',
  async (entry) => {
    const file = { ask: entry, [requestHash(modelRequest())]: { content: 'by hash' } }
    expect((await answer(file)).text).toBe('Mock response')
  },
)

test('fields that are missing are empty, fields that are odd are read as text or nothing', async () => {
  expect(await answer({ ask: {} })).toMatchObject({ text: '', costNanoUsd: 0, usage: { totalTokens: 0 } })
  expect(await answer('{"ask": {"content": 42, "usage": null, "cost_usd": 1}}')).toMatchObject({
    text: '42',
    costNanoUsd: 1_000_000_000,
  })
  expect((await answer('{"ask": {"content": 1.0}}')).text).toBe('1.0')
  expect((await answer({ ask: { content: null, finish_reason: null } })).finishReason).toBe('')
  expect(
    await answer({ ask: { cost_usd: 1e300, usage: { prompt_tokens: -5, completion_tokens: 'x' } } }),
  ).toMatchObject({
    costNanoUsd: 0,
    usage: { promptTokens: 0, completionTokens: 0 },
  })
})

test('the total is the sum of its parts, whatever was recorded', async () => {
  const usage = { prompt_tokens: 10, completion_tokens: 4, reasoning_tokens: 3, total_tokens: 99 }
  expect((await answer({ ask: { usage } })).usage).toEqual({
    promptTokens: 10,
    completionTokens: 4,
    reasoningTokens: 3,
    totalTokens: 17,
  })
  expect((await answer({ ask: { usage: { total_tokens: 7 } } })).usage).toMatchObject({ totalTokens: 0 })
})

test('tool calls come with their arguments, ints and floats apart', async () => {
  const responses =
    '{"ask": {"tool_calls": [{"id": "c1", "name": "f", "arguments": {"n": 1, "x": 1.0}}, {"name": "g"}, {"id": "c3"}]}}'
  const { toolCalls } = await answer(responses)
  expect(toolCalls).toEqual([
    { id: 'c1', name: 'f', arguments: parseValue('{"n": 1, "x": 1.0}') },
    { id: 'call_2', name: 'g', arguments: {} },
  ])
})

test('a recording of version 2 is read', async () => {
  const recording = {
    _version: 2,
    ask: {
      content: 'Dear all',
      model: 'gpt-4o',
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, reasoning_tokens: 0 },
      cost_usd: 0.055,
      latency_ms: 12.5,
      finish_reason: 'length',
    },
  }
  expect(await answer(recording)).toMatchObject({
    text: 'Dear all',
    model: 'gpt-4o',
    costNanoUsd: 55_000_000,
    finishReason: 'length',
  })
})

test.each(['[]', '"text"', 'null', '{"a": ', ''])('a file with %j is refused for good', async (text) => {
  await expect(answer(text)).rejects.toMatchObject({ code: 'provider/mock-file', retryable: false })
})

test('steps named like objects’ own machinery are not found where nobody wrote them', async () => {
  expect((await answer({}, { stepId: '__proto__' })).text).toBe('Mock response')
  await expect(answer('{"__proto__": {"content": "mine"}}')).rejects.toMatchObject({ code: 'provider/mock-file' })
  expect((await answer({}, { stepId: 'constructor' })).text).toBe('Mock response')
})

test('streams its answer as one piece', async () => {
  const pieces: string[] = []
  const mock: MockSettings = { responses: '{"ask": {"content": "Dear all"}}', latencyModel: 'constant', latencyMs: 0 }
  await mockProvider().call(modelRequest({ mock, stream: true }), callContext({ onText: (text) => pieces.push(text) }))
  expect(pieces).toEqual(['Dear all'])
})

test.each([
  ['constant', 40, 40],
  ['replay', 40, 5.5],
  ['normal', 40, 40 + 4 * Math.sqrt(-2 * Math.log(0.75)) * Math.cos(Math.PI / 2)],
] as const)('latency %s', async (latencyModel, latencyMs, expected) => {
  const clock = fakeClock()
  const mock: MockSettings = { responses: '{"ask": {"latency_ms": 5.5}}', latencyModel, latencyMs }
  await mockProvider({ clock, random: () => 0.25 }).call(modelRequest({ mock }), callContext())
  expect(clock.slept).toHaveLength(1)
  expect(clock.slept[0]).toBeCloseTo(expected, 9)
})

test('replay without a recorded latency takes the constant', async () => {
  const clock = fakeClock()
  const mock: MockSettings = { responses: null, latencyModel: 'replay', latencyMs: 7 }
  await mockProvider({ clock }).call(modelRequest({ mock }), callContext())
  expect(clock.slept).toEqual([7])
})

test('requests hash as the reference’s do', () => {
  expect(requestHash(modelRequest({ model: 'm1', messages: [{ role: 'user', content: 'Ask hi' }] }))).toBe(
    '94f199df412bde88be4c89466ea530a5f5e47eaaa0e0f1154716eaef0c260e56',
  )
  expect(
    requestHash(
      modelRequest({
        model: 'm1',
        temperature: 1,
        maxTokens: 100,
        messages: [
          { role: 'system', content: 'Sé' },
          { role: 'user', content: 'é😀\n' },
        ],
      }),
    ),
  ).toBe('51c0ee7027630360dfcef019cd1831ea58a2ae4ea0564c1c5f5808a99b5ab9d8')
})

// Case 268 of the conformance set, whose answers are keyed by these.
test.each([
  [{}, '9581ac2292a2c6cef74a1eb33615bb5cb1c3f1da1f294f0ee36c6f203666f6e3'],
  [{ model: 'other-model' }, '722a51a0706d5c172cf1322051efbe6b3b8fd71c6e5054e1fef56942a35bc92e'],
  [{ temperature: 0.7 }, '9bb1ad055f9128d689717759ee160acb0bbbc9d79aa6fbede24f90e7699d9087'],
  [{ maxTokens: 50 }, 'e1364099960dfb4b6e620584534fc9068b210b321729307125a4a4179b57c287'],
])('the hash covers %j', (fields, hash) => {
  expect(requestHash(modelRequest({ messages: [{ role: 'user', content: 'Same words' }], ...fields }))).toBe(hash)
})

test('what else a request carries is hashed under extra', () => {
  const request = modelRequest({
    model: 'm1',
    temperature: 1,
    messages: [{ role: 'user', content: 'p' }],
    tools: [{ name: 't', description: '', parameters: { type: 'object' } }],
    thinking: { budgetTokens: null, level: null, captureReasoning: true },
  })
  expect(requestHash(request)).toBe('f906266e92d0472e5f4f3e6a423cb333a3a1e6739d6148eb9ffb5cae9114ebe4')
})

test('attachments are hashed as blocks behind the text', () => {
  const image = { kind: 'image', mediaType: 'image/png', data: 'AA==' } as const
  const request = modelRequest({
    model: 'm1',
    temperature: 0.7,
    messages: [{ role: 'user', content: 'x', attachments: [image] }],
  })
  expect(requestHash(request)).toBe('495e8c0c4d988fa72f0b46cae94b1d84bc0d988b669a25314b78336d9f281082')
})

test('a tool loop hashes its earlier turns in the shape of chat completions', () => {
  const request = modelRequest({
    messages: [
      { role: 'user', content: 'Read it' },
      { role: 'assistant', content: '', toolCalls: [{ id: 'c1', name: 'file_read', arguments: { path: 'é' } }] },
      { role: 'tool', toolCallId: 'c1', toolName: 'file_read', content: 'tea', isError: false },
    ],
  })
  expect(requestHash(request)).toBe(
    hashOf({
      extra: {},
      max_tokens: null,
      messages: [
        { role: 'user', content: 'Read it' },
        {
          role: 'assistant',
          content: '',
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'file_read', arguments: '{"path": "\\u00e9"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'tea' },
      ],
      model: 'demo-model',
      temperature: null,
    }),
  )
})
