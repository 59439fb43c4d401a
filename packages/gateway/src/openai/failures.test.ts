import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { completionBody } from '../testing/answers.ts'
import { json, KEY, openAIBench, thrownBy } from '../testing/openai-bench.fixture.ts'
import { callContext, modelRequest } from '../testing/requests.ts'
import { openAICompatible } from './openai-compatible.ts'

const bench = openAIBench()

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
  expect(await bench.ask({ kind: 'error', status, body })).toMatchObject(expected)
  expect(await bench.askStreaming({ kind: 'error', status, body })).toMatchObject(expected)
  expect(bench.server().requests).toHaveLength(2)
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
  const failure = await bench.ask({ kind: 'error', status: 429, headers: { 'retry-after': hint } })
  expect(failure).toMatchObject({ code: 'provider/rate-limited', status: 429, retryAfterMs })
})

test('retry-after-ms wins over seconds, a date ahead is a wait', async () => {
  expect(
    await bench.ask({ kind: 'error', status: 429, headers: { 'retry-after-ms': '120', 'retry-after': '9' } }),
  ).toMatchObject({ retryAfterMs: 120 })
  const ahead = await bench.ask({
    kind: 'error',
    status: 503,
    headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() },
  })
  expect(ahead).toMatchObject({ retryAfterMs: expect.toSatisfy((ms: number) => ms > 50_000 && ms <= 60_000) })
})

test('a key that the vendor quotes is cut out, whole and at the edge of what is kept', async () => {
  const quoted = await bench.ask({
    kind: 'error',
    status: 401,
    body: { error: { message: `Incorrect API key: ${KEY} or sk-abcdefghijkl` } },
  })
  expect(String(quoted)).toContain('[key]')
  expect(JSON.stringify(quoted)).not.toMatch(/the-secret|abcdefghijkl/)
  for (let length = 2_000; length < 2_048; length += 3) {
    const padded = await bench.ask({ kind: 'error', status: 500, body: `${'x'.repeat(length)}${KEY}` })
    expect(String(padded)).not.toMatch(/the-s/)
  }
})

test('the prompt never gets into an error', async () => {
  bench.server().next({ kind: 'error', status: 500 }, json('{"choices": 7}'))
  for (let nth = 0; nth < 2; nth++) {
    const request = modelRequest({ messages: [{ role: 'user', content: 'my private prompt' }] })
    const failure = await thrownBy(bench.provider().call(request, callContext()))
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
  expect(await bench.ask(answer)).toMatchObject({ code: `provider/${kind}` })
})

test('what was billed although it cannot be used is estimated', async () => {
  expect(await bench.ask({ kind: 'answer', text: null })).toMatchObject({
    code: 'provider/empty',
    usage: { isEstimated: true, promptTokens: expect.toSatisfy((tokens: number) => tokens > 0) },
  })
})

test('NUL is a character like any other', async () => {
  bench.server().next({ kind: 'answer', text: 'a\0b' })
  expect((await bench.reply()).text).toBe('a\0b')
})

test.each([301, 302, 307, 308])('a redirect (%i) is not followed, not even on the same server', async (status) => {
  const failure = await bench.ask({ kind: 'error', status, headers: { location: `${bench.server().url}/elsewhere` } })
  expect(failure).toMatchObject({ code: 'provider/redirect', status, retryable: false })
  expect(bench.server().requests).toHaveLength(1)
})

test('a reply that unpacks to 300 MB is given up at 32 MiB', async () => {
  const bomb = Buffer.concat(Array.from({ length: 300 }, () => gzipSync(Buffer.alloc(1024 * 1024, ' '))))
  const before = process.memoryUsage().rss
  const failure = await bench.ask({
    kind: 'bytes',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    chunks: [bomb],
  })
  expect(failure).toMatchObject({ code: 'provider/too-large' })
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024)
})

test('a reply packed with gzip is read', async () => {
  const body = gzipSync(JSON.stringify(completionBody({ text: 'packed' }, 'm')))
  bench.server().next({
    kind: 'bytes',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    chunks: [body],
  })
  expect((await bench.reply()).text).toBe('packed')
})

test('gzip that is none', async () => {
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  expect(await bench.ask({ kind: 'bytes', headers, chunks: ['{"choices": []}'] })).toMatchObject({
    code: 'provider/broken-reply',
  })
})

test.each([
  ['clean', 'broken-reply'],
  ['reset', 'interrupted'],
] as const)('a reply shorter than its length says (%s)', async (ending, kind) => {
  const headers = { 'content-type': 'application/json', 'content-length': '5000' }
  const failure = await bench.ask({ kind: 'bytes', headers, chunks: ['{"a"'], ending })
  expect(failure).toMatchObject({ code: `provider/${kind}`, retryable: true, usage: { isEstimated: true } })
})

test('headers without end', async () => {
  expect(await bench.ask({ kind: 'error', status: 200, headers: { 'x-long': 'x'.repeat(1_000_000) } })).toMatchObject({
    code: 'provider/broken-reply',
  })
})

test('nobody listens there', async () => {
  await bench.server().close()
  expect(await bench.ask()).toMatchObject({ code: 'provider/unreachable', status: null, retryable: true, usage: null })
})

test('there is no such host', async () => {
  const nowhere = openAICompatible({ name: 'x', baseURL: 'http://no-such-host.invalid/v1' })
  expect(await thrownBy(nowhere.call(modelRequest(), callContext()))).toMatchObject({ code: 'provider/unreachable' })
  await nowhere.close?.()
})

test('the server speaks no TLS', async () => {
  const secure = openAICompatible({ name: 'x', baseURL: bench.server().url.replace('http:', 'https:') })
  expect(await thrownBy(secure.call(modelRequest(), callContext()))).toMatchObject({ code: 'provider/unreachable' })
  await secure.close?.()
})

test('reset before the headers', async () => {
  expect(await bench.ask({ kind: 'bytes', chunks: [], ending: 'reset' })).toMatchObject({
    code: 'provider/interrupted',
    retryable: true,
  })
})
