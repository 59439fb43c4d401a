import { expect, test } from 'vitest'
import { completionBody, completionEvents, event } from '../testing/answers.ts'
import { json, openAIBench, stream } from '../testing/openai-bench.fixture.ts'

const bench = openAIBench()

test.each([
  ['JSON', json(JSON.stringify(completionBody({}, 'm'))), 'not-a-stream'],
  ['HTML', { kind: 'bytes', headers: { 'content-type': 'text/html' }, chunks: ['<html>'] } as const, 'not-a-stream'],
  ['an error as JSON', json('{"error": {"message": "boo", "type": "rate_limit_exceeded"}}'), 'rate-limited'],
  ['nothing', stream({ chunks: [] }), 'not-a-stream'],
])('a stream is asked for and %s is given', async (_what, answer, kind) => {
  expect(await bench.askStreaming(answer)).toMatchObject({ code: `provider/${kind}` })
})

const events = completionEvents({ text: 'Hé😀', pieces: ['H', 'é😀'] }, 'demo-model')

const bytes = Buffer.from(events.join(''))

test.each(['clean', 'reset'] as const)(
  'a good stream cut anywhere (%s) is whole or an error, never a part',
  async (ending) => {
    const finishAt = bytes.indexOf('"finish_reason":"stop"')
    const doneAt = bytes.indexOf('[DONE]') + '[DONE]'.length
    let successes = 0
    for (let cut = 0; cut <= bytes.length; cut += 7) {
      const result = await bench.askStreaming(stream({ chunks: [bytes.subarray(0, cut)], ending }))
      const isComplete = ending === 'clean' ? cut > finishAt : cut >= doneAt
      if (!isComplete) expect(result, `cut at ${cut}`).toMatchObject({ retryable: true })
      if (typeof result === 'object' && result !== null && 'succeeded' in result) {
        expect(isComplete, `cut at ${cut}`).toBe(true)
        expect(result.succeeded).toMatchObject({ text: 'Hé😀', finishReason: 'stop' })
        successes += 1
      }
    }
    // A reset may throw away what was sent just before, so there only the clean ends are sure to be whole.
    if (ending === 'clean') expect(successes).toBeGreaterThan(0)
  },
)

test('cut within the arguments of a tool call, nothing is executed', async () => {
  const all = completionEvents({ text: null, toolCalls: [{ id: 'c', name: 'f', arguments: { a: 1 } }] }, 'm')
  expect(await bench.askStreaming(stream({ chunks: all.slice(0, 3) }))).toMatchObject({ code: 'provider/interrupted' })
})

test.each([
  ['an error event', event({ error: { message: 'overloaded', code: 503 } }), 'overloaded', 503],
  [
    'an error of another shape',
    'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n',
    'overloaded',
    null,
  ],
  [
    'a bare message',
    'event: error\ndata: {"message":"slow down","code":"rate_limit_exceeded"}\n\n',
    'rate-limited',
    null,
  ],
  ['an unreadable event', 'data: {"choices": [{"del\n\n', 'interrupted', null],
  ['an event of no known shape', event({ hello: 1 }), 'interrupted', null],
] as const)('%s in the middle fails the stream, whatever comes after', async (_what, wrong, kind, status) => {
  const result = await bench.askStreaming(stream({ chunks: [...events.slice(0, 2), wrong, ...events.slice(2)] }))
  expect(result).toMatchObject({ code: `provider/${kind}`, status, usage: { isEstimated: true } })
})

test('after the first finish reason nothing counts but usage', async () => {
  const late = (choice: object): string => event({ choices: [{ index: 0, ...choice }] })
  const finish = events.findIndex((text) => text.includes('"stop"'))
  bench.server().next(
    stream({
      chunks: [
        ...events.slice(0, finish + 1),
        late({ delta: { content: ' and more' } }),
        late({ delta: { tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }] } }),
        late({ delta: {}, finish_reason: 'length' }),
        ...events.slice(finish + 1),
        late({ delta: { content: ' and more' } }),
      ],
    }),
  )
  const reply = await bench.streamedReply()
  expect(reply).toMatchObject({ text: 'Hé😀', finishReason: 'stop', toolCalls: [], usage: { promptTokens: 10 } })
})

test('what the server does after [DONE] is its own affair', async () => {
  for (const ending of ['stall', 'reset', 'clean'] as const) {
    bench.server().next(stream({ chunks: [bytes, 'data: {"error": {"message": "late"}}\n\n'], ending }))
    expect((await bench.streamedReply()).text).toBe('Hé😀')
  }
})

test('[DONE] within a text is text', async () => {
  bench.server().next({ kind: 'answer', text: 'x', pieces: ['say\ndata: [DONE]', ' twice'] })
  expect((await bench.streamedReply()).text).toBe('say\ndata: [DONE] twice')
})

test.each([
  ['comments', [': ping\n\n', ...events.flatMap((text) => [text, ': ping\n\n'])]],
  ['CRLF', events.map((text) => text.replaceAll('\n', '\r\n'))],
  ['CR', events.map((text) => text.replaceAll('\n', '\r'))],
  ['no blank after the colon', events.map((text) => text.replace('data: ', 'data:'))],
  ['a byte order mark', ['\ufeff', ...events]],
  ['one byte a packet', [...bytes].map((byte) => Uint8Array.of(byte))],
  ['data over two lines', events.map((text) => text.replace('"choices":', '\ndata: "choices":'))],
])('a stream with %s reads the same', async (_what, chunks) => {
  bench.server().next(stream({ chunks }))
  const reply = await bench.streamedReply()
  expect(reply).toMatchObject({ text: 'Hé😀', finishReason: 'stop', usage: { promptTokens: 10 } })
})

test.each([
  ['one piece of 20 MB', [event({ choices: [{ delta: { content: 'x'.repeat(20_000_000) } }] })]],
  [
    '11 pieces of 1 MB',
    Array.from({ length: 11 }, () => event({ choices: [{ delta: { content: 'x'.repeat(1_000_000) } }] })),
  ],
])('%s is too large', async (_what, chunks) => {
  expect(await bench.askStreaming(stream({ chunks, ending: 'stall' }))).toMatchObject({ code: 'provider/too-large' })
  await bench.server().abandoned(1)
})

test('tool calls under odd indexes make no array of that length', async () => {
  const piece = (index: number) =>
    event({
      choices: [{ delta: { tool_calls: [{ index, id: `c${index}`, function: { name: 'f', arguments: '{}' } }] } }],
    })
  const end = event({ choices: [{ delta: {}, finish_reason: 'tool_calls' }] })
  bench.server().next(stream({ chunks: [piece(5_000_000), piece(-1), end] }))
  const { toolCalls } = await bench.streamedReply()
  expect(toolCalls?.map(({ id }) => id)).toEqual(['c5000000', 'c-1'])
})

test('a tool call that gets a second set of arguments is not executed', async () => {
  const piece = (args: string, name?: string) =>
    event({
      choices: [
        {
          delta: {
            tool_calls: [{ index: 0, ...(name !== undefined && { id: 'c' }), function: { name, arguments: args } }],
          },
        },
      ],
    })
  const end = event({ choices: [{ delta: {}, finish_reason: 'tool_calls' }] })
  bench.server().next(stream({ chunks: [piece('{}', 'f'), piece('{"evil":1}'), end] }))
  const { toolCalls } = await bench.streamedReply()
  expect(toolCalls).toEqual([{ id: 'c', name: 'f', arguments: null }])
})
