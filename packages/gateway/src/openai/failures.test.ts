import { gzipSync } from 'node:zlib'
import { createServer } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Provider } from '../provider.ts'
import { completionBody, completionEvents, event, type RawReply, type ServerAnswer } from '../testing/answers.ts'
import { fakeClock } from '../testing/fake-clock.ts'
import { startOpenAIServer, type OpenAIServer } from '../testing/openai-server.ts'
import { callContext, modelRequest } from '../testing/requests.ts'
import { openAICompatible } from './openai-compatible.ts'

const KEY = 'the-secret-key'
let server: OpenAIServer
let provider: Provider

beforeEach(async () => {
  server = await startOpenAIServer()
  provider = openAICompatible({ name: 'openai', baseURL: server.url, apiKey: KEY })
})

afterEach(async () => {
  await provider.close?.()
  await server.close()
})

function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => ({ succeeded: value }),
    (error: unknown) => error,
  )
}

function ask(...answers: ServerAnswer[]) {
  server.next(...answers)
  return thrownBy(provider.call(modelRequest(), callContext()))
}

function askStreaming(...answers: ServerAnswer[]) {
  server.next(...answers)
  return thrownBy(provider.call(modelRequest({ stream: true }), callContext()))
}

const stream = (reply: Omit<RawReply, 'headers'>): ServerAnswer => ({
  kind: 'bytes',
  headers: { 'content-type': 'text/event-stream' },
  ...reply,
})
const json = (...chunks: (string | Uint8Array)[]): ServerAnswer => ({
  kind: 'bytes',
  headers: { 'content-type': 'application/json' },
  chunks,
})

test.each([
  [400, {}, 'bad-request', false],
  [400, { code: 'context_length_exceeded' }, 'too-long', false],
  [400, { message: "This model's maximum context length is 8192 tokens" }, 'too-long', false],
  [400, { code: 'content_policy_violation' }, 'refused', false],
  [400, { code: 'content_filter' }, 'refused', false],
  [401, {}, 'auth', false],
  [402, {}, 'quota', false],
  [403, {}, 'auth', false],
  [404, {}, 'unknown-model', false],
  [408, {}, 'overloaded', true],
  [409, {}, 'overloaded', true],
  [413, {}, 'too-long', false],
  [422, {}, 'bad-request', false],
  [429, {}, 'rate-limited', true],
  [429, { type: 'insufficient_quota' }, 'quota', false],
  [500, {}, 'overloaded', true],
  [502, {}, 'overloaded', true],
  [503, {}, 'overloaded', true],
  [529, {}, 'overloaded', true],
] as const)('status %i with %j is %s', async (status, error, kind, retryable) => {
  const body = { error: { message: 'it hurts', ...error } }
  const expected = { code: `provider/${kind}`, status, retryable, usage: null }
  expect(await ask({ kind: 'error', status, body })).toMatchObject(expected)
  expect(await askStreaming({ kind: 'error', status, body })).toMatchObject(expected)
  expect(server.requests).toHaveLength(2)
})

test.each([
  ['3', 3_000],
  ['0.5', 500],
  ['0', 0],
  ['-5', null],
  ['1e9', null],
  ['99999999999', 86_400_000],
  ['abc', null],
  ['', null],
  ['Wed, 21 Oct 2015 07:28:00 GMT', 0],
])('Retry-After: %j', async (hint, retryAfterMs) => {
  const failure = await ask({ kind: 'error', status: 429, headers: { 'retry-after': hint } })
  expect(failure).toMatchObject({ code: 'provider/rate-limited', status: 429, retryAfterMs })
})

test('retry-after-ms wins over seconds, a date ahead is a wait', async () => {
  expect(
    await ask({ kind: 'error', status: 429, headers: { 'retry-after-ms': '120', 'retry-after': '9' } }),
  ).toMatchObject({ retryAfterMs: 120 })
  const ahead = await ask({
    kind: 'error',
    status: 503,
    headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() },
  })
  expect(ahead).toMatchObject({ retryAfterMs: expect.toSatisfy((ms: number) => ms > 50_000 && ms <= 60_000) })
})

test('a key that the vendor quotes is cut out, whole and at the edge of what is kept', async () => {
  const quoted = await ask({
    kind: 'error',
    status: 401,
    body: { error: { message: `Incorrect API key: ${KEY} or sk-abcdefghijkl` } },
  })
  expect(String(quoted)).toContain('[key]')
  expect(JSON.stringify(quoted)).not.toMatch(/the-secret|abcdefghijkl/)
  for (let length = 2_000; length < 2_048; length += 3) {
    const padded = await ask({ kind: 'error', status: 500, body: `${'x'.repeat(length)}${KEY}` })
    expect(String(padded)).not.toMatch(/the-s/)
  }
})

test('the prompt never gets into an error', async () => {
  server.next({ kind: 'error', status: 500 }, json('{"choices": 7}'))
  for (let nth = 0; nth < 2; nth++) {
    const request = modelRequest({ messages: [{ role: 'user', content: 'my private prompt' }] })
    const failure = await thrownBy(provider.call(request, callContext()))
    expect(failure).toBeInstanceOf(Error)
    expect(JSON.stringify(failure) + String(failure)).not.toContain('private')
    expect(failure).not.toHaveProperty('cause')
  }
})

test.each([
  ['HTML', json('<html>busy</html>'), 'not-json'],
  ['204', { kind: 'error', status: 204 } as const, 'not-json'],
  ['an empty body', json(), 'not-json'],
  ['NaN', json('{"choices": [], "usage": {"prompt_tokens": NaN}}'), 'not-json'],
  ['an error in a 200', json('{"error": {"message": "boo", "code": 429}}'), 'rate-limited'],
  ['an error as text', json('{"error": "boo"}'), 'overloaded'],
  ['no choice', json('{"choices": []}'), 'empty'],
  ['usage as text', json(JSON.stringify(completionBody({ usage: { prompt_tokens: '5' } }, 'm'))), 'broken-reply'],
  [
    'a forbidden key',
    json(JSON.stringify(completionBody({}, 'm')).replace('"id"', '"__proto__": {}, "id"')),
    'broken-reply',
  ],
  ['content null', { kind: 'answer', text: null } as const, 'empty'],
  ['no finish reason', { kind: 'answer', finishReason: null } as const, 'interrupted'],
  ['a filtered answer', { kind: 'answer', finishReason: 'content_filter' } as const, 'refused'],
  ['a refusal', { kind: 'answer', text: null, refusal: 'I will not' } as const, 'refused'],
  [
    'half a character',
    json(String.raw`{"choices":[{"message":{"content":"a\ud800"},"finish_reason":"stop"}]}`),
    'character',
  ],
  [
    '1,000 tool calls',
    {
      kind: 'answer',
      toolCalls: Array.from({ length: 1_000 }, () => ({ id: 'c', name: 'f', arguments: {} })),
    } as const,
    'too-many-tool-calls',
  ],
])('a reply with %s', async (_what, answer, kind) => {
  expect(await ask(answer)).toMatchObject({ code: `provider/${kind}` })
})

test('what was billed although it cannot be used is estimated', async () => {
  expect(await ask({ kind: 'answer', text: null })).toMatchObject({
    code: 'provider/empty',
    usage: { isEstimated: true, promptTokens: expect.toSatisfy((tokens: number) => tokens > 0) },
  })
})

test('NUL is a character like any other', async () => {
  server.next({ kind: 'answer', text: 'a\0b' })
  expect((await provider.call(modelRequest(), callContext())).text).toBe('a\0b')
})

test.each([301, 302, 307, 308])('a redirect (%i) is not followed, not even on the same server', async (status) => {
  const failure = await ask({ kind: 'error', status, headers: { location: `${server.url}/elsewhere` } })
  expect(failure).toMatchObject({ code: 'provider/redirect', status, retryable: false })
  expect(server.requests).toHaveLength(1)
})

test('a reply that unpacks to 300 MB is given up at 32 MiB', async () => {
  const bomb = Buffer.concat(Array.from({ length: 300 }, () => gzipSync(Buffer.alloc(1024 * 1024, ' '))))
  const before = process.memoryUsage().rss
  const failure = await ask({
    kind: 'bytes',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    chunks: [bomb],
  })
  expect(failure).toMatchObject({ code: 'provider/too-large' })
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024)
})

test('a reply packed with gzip is read', async () => {
  const body = gzipSync(JSON.stringify(completionBody({ text: 'packed' }, 'm')))
  server.next({
    kind: 'bytes',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    chunks: [body],
  })
  expect((await provider.call(modelRequest(), callContext())).text).toBe('packed')
})

test('gzip that is none', async () => {
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  expect(await ask({ kind: 'bytes', headers, chunks: ['{"choices": []}'] })).toMatchObject({
    code: 'provider/broken-reply',
  })
})

test('a reply shorter than its length says', async () => {
  const failure = await ask({ kind: 'bytes', headers: { 'content-length': '5000' }, chunks: ['{"a"'], ending: 'reset' })
  expect(failure).toMatchObject({
    code: expect.stringMatching(/^provider\/(broken-reply|interrupted)$/),
    retryable: true,
  })
})

test('headers without end', async () => {
  expect(await ask({ kind: 'error', status: 200, headers: { 'x-long': 'x'.repeat(1_000_000) } })).toMatchObject({
    code: 'provider/broken-reply',
  })
})

test('nobody listens there', async () => {
  await server.close()
  expect(await ask()).toMatchObject({ code: 'provider/unreachable', status: null, retryable: true, usage: null })
})

test('there is no such host', async () => {
  const nowhere = openAICompatible({ name: 'x', baseURL: 'http://no-such-host.invalid/v1' })
  expect(await thrownBy(nowhere.call(modelRequest(), callContext()))).toMatchObject({ code: 'provider/unreachable' })
  await nowhere.close?.()
})

test('the server speaks no TLS', async () => {
  const secure = openAICompatible({ name: 'x', baseURL: server.url.replace('http:', 'https:') })
  expect(await thrownBy(secure.call(modelRequest(), callContext()))).toMatchObject({ code: 'provider/unreachable' })
  await secure.close?.()
})

test('reset before the headers', async () => {
  expect(await ask({ kind: 'bytes', chunks: [], ending: 'reset' })).toMatchObject({
    code: 'provider/interrupted',
    retryable: true,
  })
})

test.each([
  ['JSON', json(JSON.stringify(completionBody({}, 'm'))), 'not-a-stream'],
  ['HTML', { kind: 'bytes', headers: { 'content-type': 'text/html' }, chunks: ['<html>'] } as const, 'not-a-stream'],
  ['an error as JSON', json('{"error": {"message": "boo", "type": "rate_limit_exceeded"}}'), 'rate-limited'],
  ['nothing', stream({ chunks: [] }), 'not-a-stream'],
])('a stream is asked for and %s is given', async (_what, answer, kind) => {
  expect(await askStreaming(answer)).toMatchObject({ code: `provider/${kind}` })
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
      const result = await askStreaming(stream({ chunks: [bytes.subarray(0, cut)], ending }))
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
  expect(await askStreaming(stream({ chunks: all.slice(0, 3) }))).toMatchObject({ code: 'provider/interrupted' })
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
  const result = await askStreaming(stream({ chunks: [...events.slice(0, 2), wrong, ...events.slice(2)] }))
  expect(result).toMatchObject({ code: `provider/${kind}`, status, usage: { isEstimated: true } })
})

test('after the first finish reason nothing counts but usage', async () => {
  const late = (choice: object): string => event({ choices: [{ index: 0, ...choice }] })
  const finish = events.findIndex((text) => text.includes('"stop"'))
  server.next(
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
  const reply = await provider.call(modelRequest({ stream: true }), callContext())
  expect(reply).toMatchObject({ text: 'Hé😀', finishReason: 'stop', toolCalls: [], usage: { promptTokens: 10 } })
})

test('what the server does after [DONE] is its own affair', async () => {
  for (const ending of ['stall', 'reset', 'clean'] as const) {
    server.next(stream({ chunks: [bytes, 'data: {"error": {"message": "late"}}\n\n'], ending }))
    expect((await provider.call(modelRequest({ stream: true }), callContext())).text).toBe('Hé😀')
  }
})

test('[DONE] within a text is text', async () => {
  server.next({ kind: 'answer', text: 'x', pieces: ['say\ndata: [DONE]', ' twice'] })
  expect((await provider.call(modelRequest({ stream: true }), callContext())).text).toBe('say\ndata: [DONE] twice')
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
  server.next(stream({ chunks }))
  const reply = await provider.call(modelRequest({ stream: true }), callContext())
  expect(reply).toMatchObject({ text: 'Hé😀', finishReason: 'stop', usage: { promptTokens: 10 } })
})

test.each([
  ['one piece of 20 MB', [event({ choices: [{ delta: { content: 'x'.repeat(20_000_000) } }] })]],
  [
    '11 pieces of 1 MB',
    Array.from({ length: 11 }, () => event({ choices: [{ delta: { content: 'x'.repeat(1_000_000) } }] })),
  ],
])('%s is too large', async (_what, chunks) => {
  expect(await askStreaming(stream({ chunks, ending: 'stall' }))).toMatchObject({ code: 'provider/too-large' })
  await server.abandoned(1)
})

test('tool calls under odd indexes make no array of that length', async () => {
  const piece = (index: number) =>
    event({
      choices: [{ delta: { tool_calls: [{ index, id: `c${index}`, function: { name: 'f', arguments: '{}' } }] } }],
    })
  const end = event({ choices: [{ delta: {}, finish_reason: 'tool_calls' }] })
  server.next(stream({ chunks: [piece(5_000_000), piece(-1), end] }))
  const { toolCalls } = await provider.call(modelRequest({ stream: true }), callContext())
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
  server.next(stream({ chunks: [piece('{}', 'f'), piece('{"evil":1}'), end] }))
  const { toolCalls } = await provider.call(modelRequest({ stream: true }), callContext())
  expect(toolCalls).toEqual([{ id: 'c', name: 'f', arguments: null }])
})

test('a call that is cancelled lets go of the connection at once', async () => {
  for (const isStream of [false, true]) {
    const cancel = new AbortController()
    server.next(isStream ? stream({ chunks: events.slice(0, 2), ending: 'stall' }) : { kind: 'silence' })
    const call = thrownBy(provider.call(modelRequest({ stream: isStream }), callContext({ signal: cancel.signal })))
    await server.received(isStream ? 2 : 1)
    const reason = new Error('step timed out')
    cancel.abort(reason)
    expect(await call).toBe(reason)
    await server.abandoned(isStream ? 2 : 1)
  }
})

test('a call that was cancelled before it began sends nothing', async () => {
  const reason = new Error('too late')
  const call = provider.call(modelRequest(), callContext({ signal: AbortSignal.abort(reason) }))
  expect(await thrownBy(call)).toBe(reason)
  expect(server.requests).toHaveLength(0)
})

test.each([
  ['no answer at all', false, { kind: 'silence' } as ServerAnswer, 600_000, 'no whole answer'],
  ['no first token', true, { kind: 'silence' } as ServerAnswer, 300_000, 'no first token'],
  [
    'a body that stalls',
    false,
    { kind: 'bytes', headers: { 'content-type': 'application/json' }, chunks: ['{'], ending: 'stall' } as ServerAnswer,
    60_000,
    'stalled',
  ],
  ['a stream that stalls', true, stream({ chunks: events.slice(0, 3), ending: 'stall' }), 60_000, 'stalled'],
])('%s ends at its deadline', async (_what, isStream, answer, deadlineMs, reason) => {
  const clock = fakeClock()
  const timed = openAICompatible({ name: 'openai', baseURL: server.url, clock })
  server.next(answer)
  let heard: () => void = () => {}
  const firstPiece = new Promise<void>((resolve) => (heard = resolve))
  const call = thrownBy(timed.call(modelRequest({ stream: isStream }), callContext({ onText: () => heard() })))
  await server.received(1)
  if (isStream && reason === 'stalled') await firstPiece
  // The body's first byte sets the timer of silence: one more than total.
  while (reason === 'stalled' && clock.pending < 2) await new Promise((resolve) => setImmediate(resolve))
  clock.advance(deadlineMs - 1)
  clock.advance(1)
  const failure = await call
  expect(failure).toMatchObject({ code: 'provider/slow', retryable: true, usage: { isEstimated: true } })
  expect(String(failure)).toContain(reason)
  await server.abandoned(1)
  expect(clock.pending).toBe(0)
  await timed.close?.()
})

test('a slow but steady stream is not cut', async () => {
  const clock = fakeClock()
  const timed = openAICompatible({ name: 'openai', baseURL: server.url, clock })
  server.next({ kind: 'answer', text: 'slow and steady' })
  const context = callContext({ onText: () => clock.advance(30_000) })
  expect((await timed.call(modelRequest({ stream: true }), context)).text).toBe('slow and steady')
  await timed.close?.()
})

test('a connection that never comes about ends at its deadline', async () => {
  // TCP stands at once, the other side never says a word of TLS.
  const mute = createServer((socket) => socket.resume().on('error', () => {}))
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  const address = mute.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const baseURL = `https://127.0.0.1:${address.port}/v1`
  const hasty = openAICompatible({ name: 'x', baseURL, deadlines: { connectMs: 50 } })
  expect(await thrownBy(hasty.call(modelRequest(), callContext()))).toMatchObject({
    code: 'provider/unreachable',
    usage: null,
  })
  await hasty.close?.()
  await new Promise((resolve) => mute.close(resolve))
})
