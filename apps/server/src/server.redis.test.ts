import { type Client, createClient } from '@agentloom/bullmq/client'
import { redisUrl, removeKeys, startRedis, testPrefix } from '@agentloom/testing'
import { createLogger } from '@agentloom/telemetry'
import { type RunningWorker, startWorker } from '@agentloom/worker'
import { compileYaml, defineFunction } from '@agentloom/workflow'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { rawRequest } from './http/raw-request.fixture.ts'
import { type RunningServer, startServer } from './start-server.ts'

const logger = createLogger({ name: 'test', level: 'critical' })
const prefix = testPrefix()
const folder = mkdtempSync(join(tmpdir(), 'agentloom-server-'))
const KEY = 'a-key-of-24-characters!!'

const hello = defineFunction({ name: 'hello', input: z.object({ who: z.string() }), run: ({ who }) => `hello ${who}` })
const broken = defineFunction({
  name: 'broken',
  input: z.object({}),
  run(): string {
    throw new Error('it broke')
  },
})
const GREETING = `name: greeting
state: {who: world}
steps:
  - {id: greet, type: function, handler: hello, input: {who: "{state.who}"}, output: text}
`
const BREAKING = `name: breaking
steps:
  - {id: greet, type: function, handler: hello, input: {who: you}, output: text}
  - {id: boom, type: function, handler: broken, depends_on: [greet], retry: {max_retries: 0}}
`
const NOBODY = `name: nobody
steps:
  - {id: lost, type: function, handler: hello, input: {who: you}}
`

let worker: RunningWorker
let server: RunningServer
let client: Client
let port: number

beforeAll(async () => {
  worker = await startWorker({
    redis: redisUrl(),
    prefix,
    functions: [hello, broken],
    environment: {},
    home: folder,
    logger,
    name: 'w1',
  })
  const workflows = [compileYaml(GREETING).plan, compileYaml(BREAKING).plan]
  server = await startServer({ redis: redisUrl(), prefix, port: 0, workflows, logger })
  client = await createClient({ redis: redisUrl(), prefix })
  port = Number(new URL(server.url).port)
})
afterAll(async () => {
  await client.close()
  await server.close()
  await worker.close()
  await removeKeys(prefix)
  rmSync(folder, { recursive: true })
})

async function ask(
  path: string,
  body?: unknown,
): Promise<{ status: number; type: string | null; location: string | null; json: Record<string, unknown> }> {
  const init =
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(server.url + path, init)
  const json = z.record(z.string(), z.unknown()).parse(await response.json())
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    location: response.headers.get('location'),
    json,
  }
}

/** The run's document, once it is over. */
async function ended(runId: string): Promise<Record<string, unknown>> {
  await client.waitForEnd(runId)
  return (await ask(`/runs/${runId}`)).json
}

test('a run by the name of its workflow: started, read, listed, and the same id again is the same run', async () => {
  const asked = { workflow: 'greeting', id: 'run-1', input: { who: 'you' }, tenant: 'acme', tags: ['a'], priority: 3 }
  expect(await ask('/runs', asked)).toMatchObject({
    status: 201,
    location: '/runs/run-1',
    json: { run_id: 'run-1', workflow: 'greeting', outcome: 'started' },
  })
  expect(await ended('run-1')).toMatchObject({
    run_id: 'run-1',
    status: 'success',
    steps: { greet: { status: 'success', output: 'hello you', attempts: 1, error: null } },
    state: { who: 'you', text: 'hello you' },
    tokens: 0,
    cost_usd: 0,
    error: null,
  })
  expect(await ask('/runs', asked)).toMatchObject({ status: 200, json: { outcome: 'exists' } })
  const { json } = await ask('/runs?status=success,failed&workflow=greeting&limit=10&since=2020-01-01T00:00:00Z')
  expect(json['runs']).toMatchObject([{ run_id: 'run-1', tenant: 'acme', tags: ['a'], priority: 3, status: 'success' }])
})

test('a run is forked over HTTP', async () => {
  await ask('/runs', { workflow: 'greeting', id: 'run-f', input: { who: 'you' } })
  await ended('run-f')
  const asked = { from: 'greet', state: { who: 'all' } }
  expect((await ask('/runs/run-f/fork', { ...asked, check: true })).json).toEqual({
    run_id: null,
    kept: [],
    again: ['greet'],
  })
  expect(await ask('/runs/run-f/fork', { ...asked, id: 'fork-1' })).toMatchObject({ status: 201 })
  expect(await ended('fork-1')).toMatchObject({ status: 'success', state: { text: 'hello all' } })
  expect(await ask('/runs/run-f/fork', { ...asked, id: 'fork-1' })).toMatchObject({ status: 409 })
  expect(await ask('/runs/run-f/fork', { from: 'nope' })).toMatchObject({ status: 422, json: { code: 'fork/step' } })
  expect(await ask('/runs/run-f/fork', {})).toMatchObject({ status: 400 })
})

test('a run of a text, with an id that is made for it', async () => {
  const { status, json } = await ask('/runs', { yaml: GREETING.replace('name: greeting', 'name: from-text') })
  expect(status).toBe(201)
  expect(json['run_id']).toMatch(/^[a-z2-7]{16}$/)
  expect(await ended(String(json['run_id']))).toMatchObject({ workflow: 'from-text', state: { text: 'hello world' } })
})

const GATED = `name: gated
steps:
  - id: sub
    type: subworkflow
    isolated_state: true
    workflow_inline:
      name: child
      steps:
        - {id: gate, type: approval_gate, output: verdict}
        - {id: parcel, type: wait_for, signal: delivered, depends_on: [gate], output: parcel}
    return_keys: [verdict, parcel]
    output: child
`

test('gates are decided and signals sent over HTTP, each once', async () => {
  await ask('/runs', { yaml: GATED, id: 'run-g' })
  await client.waitForRest('run-g')
  expect((await ask('/runs/run-g')).json).toMatchObject({
    status: 'paused',
    steps: { sub: { status: 'paused', waiting_at: 'sub.gate' } },
  })
  expect(await ask('/runs/run-g/decisions', { decision: 'maybe' })).toMatchObject({ status: 400 })
  expect(await ask('/runs/run-g/decisions', { gate: 'nope', decision: 'approved' })).toMatchObject({
    status: 409,
    json: { code: 'run/decision-refused', help: 'waiting: sub.gate' },
  })
  expect(await ask('/runs/nobody/decisions', { decision: 'approved' })).toMatchObject({ status: 404 })
  expect(await ask('/runs/run-g/decisions', { decision: 'approved', by: 'mira' })).toMatchObject({
    status: 200,
    json: { run_id: 'run-g', gate: 'sub.gate', decision: 'approved' },
  })
  expect(await ask('/runs/run-g/signals', { name: '$own' })).toMatchObject({ status: 400 })
  expect(await ask('/runs/run-g/signals', { name: 'delivered', payload: { n: 1 } })).toMatchObject({
    json: { signal: 'delivered', changed: true },
  })
  expect(await ended('run-g')).toMatchObject({
    status: 'success',
    state: { child: { verdict: 'approved', parcel: { n: 1 } } },
  })
  expect(await ask('/runs/run-g/signals', { name: 'other' })).toMatchObject({ status: 409, json: { code: 'run/over' } })
})

test('a paused run is resumed with its decisions', async () => {
  await ask('/runs', { yaml: GATED, id: 'run-p' })
  await client.waitForRest('run-p')
  expect(await ask('/runs/run-p/pause', {})).toMatchObject({ status: 200, json: { status: 'paused' } })
  expect(await ask('/runs/run-p/resume', { decisions: { 'sub.gate': 'rejected' } })).toMatchObject({
    status: 200,
    json: { resumed: true, status_before: 'paused' },
  })
  await ask('/runs/run-p/signals', { name: 'delivered' })
  expect(await ended('run-p')).toMatchObject({ state: { child: { verdict: 'rejected', parcel: null } } })
})

test('cancel ends a run once', async () => {
  await worker.close() // so that nobody finishes it first
  await ask('/runs', { yaml: NOBODY, id: 'run-c' })
  expect(await ask('/runs/run-c/cancel', { reason: 'changed my mind' })).toMatchObject({
    status: 200,
    json: { status: 'cancelled', cancelled: true },
  })
  expect(await ask('/runs/run-c/cancel', {})).toMatchObject({
    status: 200,
    json: { status: 'cancelled', cancelled: false },
  })
  worker = await startWorker({
    redis: redisUrl(),
    prefix,
    functions: [hello, broken],
    environment: {},
    home: folder,
    logger,
    name: 'w2',
  })
})

test.each<[what: string, path: string, body: unknown, status: number, expected: object]>([
  ['an unknown run', '/runs/nobody', undefined, 404, { code: 'run/not-found' }],
  ['I21: cancelling an unknown run', '/runs/nobody/cancel', {}, 404, { code: 'run/not-found' }],
  ['I3: an id that is a path', '/runs/..%2f..%2fetc', undefined, 400, { code: 'http/bad-id' }],
  ['I3: an id with NUL', '/runs/a%00b', undefined, 400, { code: 'http/bad-id' }],
  ['an id of 65 characters', `/runs/${'x'.repeat(65)}`, undefined, 400, { code: 'http/bad-id' }],
  [
    'an unknown workflow',
    '/runs',
    { workflow: 'nope' },
    422,
    { code: 'run/unknown-workflow', help: 'known are: greeting, breaking' },
  ],
  [
    'a workflow that is a property of objects',
    '/runs',
    { workflow: 'constructor' },
    422,
    { code: 'run/unknown-workflow' },
  ],
  ['neither name nor text', '/runs', {}, 400, { code: 'http/body' }],
  ['name and text', '/runs', { workflow: 'greeting', yaml: GREETING }, 400, { code: 'http/body' }],
  ['I6: null', '/runs', null, 400, { code: 'http/body', place: '$' }],
  ['I6: a number', '/runs', 5, 400, { code: 'http/body', place: '$' }],
  ['I6: a list', '/runs', [], 400, { code: 'http/body', place: '$' }],
  ['an unknown field', '/runs', { workflow: 'greeting', inputs: {} }, 400, { code: 'http/body', place: '$.inputs' }],
  [
    'input that is no mapping',
    '/runs',
    { workflow: 'greeting', input: [] },
    400,
    { code: 'http/body', place: '$.input' },
  ],
  ['an id with a dot', '/runs', { workflow: 'greeting', id: 'a.b' }, 400, { code: 'http/body', place: '$.id' }],
  [
    'E20: priority -1',
    '/runs',
    { workflow: 'greeting', priority: -1 },
    400,
    { code: 'run/bad-option', place: 'priority' },
  ],
  [
    'E20: priority 1.5',
    '/runs',
    { workflow: 'greeting', priority: 1.5 },
    400,
    { code: 'run/bad-option', place: 'priority' },
  ],
  [
    'E20: priority as text',
    '/runs',
    { workflow: 'greeting', priority: '5' },
    400,
    { code: 'http/body', place: '$.priority' },
  ],
  ['an empty tenant', '/runs', { workflow: 'greeting', tenant: '' }, 400, { code: 'run/bad-option', place: 'tenant' }],
  ['a text that is no YAML', '/runs', { yaml: 'name: [' }, 422, { status: 422 }],
  [
    'a text that is no workflow',
    '/runs',
    { yaml: 'name: x\nsteps:\n  - {id: a, type: nonsense}\n' },
    422,
    { errors: [{ place: expect.stringContaining('3:') }] },
  ],
  [
    'I16: the id of another run',
    '/runs',
    { workflow: 'greeting', id: 'run-1', input: { who: 'they' } },
    409,
    { code: 'run/id-conflict' },
  ],
  ['I18: limit 0', '/runs?limit=0', undefined, 400, { code: 'http/bad-limit' }],
  ['I18: limit -1', '/runs?limit=-1', undefined, 400, { code: 'http/bad-limit' }],
  ['I18: limit 1e9', '/runs?limit=1e9', undefined, 400, { code: 'http/bad-limit' }],
  ['I18: two limits', '/runs?limit=1&limit=2', undefined, 400, { code: 'http/bad-limit' }],
  [
    'I18: a cursor, which there is none of',
    '/runs?cursor=AAAA',
    undefined,
    400,
    { code: 'http/bad-query', place: '$.cursor' },
  ],
  ['an unknown status', '/runs?status=failed,done', undefined, 400, { code: 'http/bad-query', place: '$.status.1' }],
  ['a time that is none', '/runs?since=yesterday', undefined, 400, { code: 'http/bad-query', place: '$.since' }],
])('%s is a problem document', async (_, path, body, status, expected) => {
  const reply = await ask(path, body)
  expect(reply.json).toMatchObject({ status, ...expected })
  expect(reply).toMatchObject({ status, type: expect.stringMatching(/^application\/problem\+json/) })
})

test('I6: an empty body', async () => {
  const request =
    'POST /runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n'
  expect(await rawRequest(port, request)).toMatchObject({ status: 400, code: 'http/body' })
})

test('health needs nothing and tells nothing', async () => {
  expect((await ask('/healthz')).json).toEqual({ status: 'live' })
  expect((await ask('/readyz')).json).toEqual({ status: 'ready' })
})

test('Bull Board shows the real queues, and a failed step as a failed job with its error', async () => {
  await ask('/runs', { workflow: 'breaking', id: 'run-b' })
  expect(await ended('run-b')).toMatchObject({ status: 'failed', error: { code: 'step/threw' } })
  const page = await fetch(`${server.url}/queues`)
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
  expect(await page.text()).toContain('<title>agentloom</title>')
  const job = z.looseObject({ name: z.string(), failedReason: z.string(), isFailed: z.boolean() })
  const board = z.looseObject({ queues: z.array(z.looseObject({ name: z.string(), jobs: z.array(job) })) })
  // The board's job is added after the journal has it.
  await expect
    .poll(async () => {
      const { json } = await ask('/queues/api/queues?activeQueue=agentloom-steps&status=failed')
      const { queues } = board.parse(json)
      return queues.map(({ name, jobs }) => ({
        name,
        jobs: jobs.map(({ name: step, failedReason }) => ({ step, failedReason })),
      }))
    })
    .toEqual([
      {
        name: 'agentloom-steps',
        jobs: [{ step: 'breaking · boom', failedReason: expect.stringMatching(/^step\/threw .*it broke/) }],
      },
      { name: 'agentloom-runs', jobs: [] },
    ])
})

test('without Redis: live but not ready, and runs are refused at once', async () => {
  await using redis = await startRedis()
  await using alone = await startServer({ redis: redis.url, prefix, port: 0, logger })
  await redis.kill9()
  await expect.poll(async () => (await fetch(`${alone.url}/readyz`)).status).toBe(503)
  expect((await fetch(`${alone.url}/healthz`)).status).toBe(200)
  const refused = await fetch(`${alone.url}/runs`)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await refused.json()).toMatchObject({ status: 503, code: 'redis/unreachable' })
  await redis.restart()
  await expect.poll(async () => (await fetch(`${alone.url}/runs`)).status, { timeout: 10_000 }).toBe(200)
})

test('Bull Board refuses bodies as every page does', async () => {
  const init = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"a":1,"a":2}' }
  expect((await fetch(`${server.url}/queues/api/queues/agentloom-steps/pause`, init)).status).toBe(400)
  const foreign = { method: 'PUT', headers: { origin: 'https://evil.example' } }
  expect((await fetch(`${server.url}/queues/api/queues/agentloom-steps/pause`, foreign)).status).toBe(403)
})

test('with a key: every page but health asks for it, Bull Board and its parts too', async () => {
  await using guarded = await startServer({ redis: redisUrl(), prefix, port: 0, apiKey: KEY, logger })
  const get = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(guarded.url + path, { headers })).status
  for (const path of [
    '/runs',
    '/runs/run-1',
    '/queues',
    '/queues/api/queues',
    '/queues/static/favicon-32x32.png',
    '/nope',
    `/runs?key=${KEY}`,
  ])
    expect(await get(path), path).toBe(401)
  expect((await fetch(`${guarded.url}/queues`)).headers.get('www-authenticate')).toContain('Basic realm=')
  expect(await get('/runs', { 'x-forwarded-for': '127.0.0.1' })).toBe(401)
  expect(await get('/healthz')).toBe(200)
  expect(await get('/runs', { authorization: `Bearer ${KEY}` })).toBe(200)
  expect(await get('/queues', { authorization: `Basic ${Buffer.from(`me:${KEY}`).toString('base64')}` })).toBe(200)
})

test.each(['0.0.0.0', '::', '192.0.2.1', 'example.org'])('%s is not bound without a key', async (host) => {
  await expect(startServer({ redis: redisUrl(), prefix, host, port: 0, logger })).rejects.toMatchObject({
    code: 'server/no-api-key',
  })
})

test('a short key is refused, and a port that another program has is named', async () => {
  await expect(startServer({ redis: redisUrl(), prefix, apiKey: 'short', port: 0, logger })).rejects.toMatchObject({
    code: 'server/weak-api-key',
  })
  await expect(startServer({ redis: redisUrl(), prefix, port, logger })).rejects.toMatchObject({
    code: 'server/port-in-use',
    place: `127.0.0.1:${port}`,
  })
})

test('above the backlog a run is refused with 429, and above the memory mark with 503, and when to come again', async () => {
  await using redis = await startRedis({ args: ['--maxmemory', '256mb', '--maxmemory-policy', 'noeviction'] })
  const workflows = [compileYaml(GREETING).plan]
  const own = { redis: redis.url, prefix, port: 0, workflows, logger }
  await using busy = await startServer({ ...own, backlogMax: 1 })
  expect((await startAt(busy.url)).status).toBe(201)
  const refused = await startAt(busy.url)
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(await refused.json()).toMatchObject({ code: 'run/backlog' })
  await using full = await startServer({ ...own, memoryMark: 0.0001 })
  const later = await startAt(full.url)
  expect(later.status).toBe(503)
  expect(later.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(await later.json()).toMatchObject({ code: 'redis/memory-mark' })
})

function startAt(url: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${url}/runs`, { method: 'POST', headers, body: JSON.stringify({ workflow: 'greeting' }) })
}
