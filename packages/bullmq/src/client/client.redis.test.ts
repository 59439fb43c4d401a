import { startCommand } from '@agentloom/engine'
import { expectNoKeys, redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { defineFunction } from '@agentloom/workflow'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { RedisJournal } from '../journal/redis-journal.ts'
import { keysOf } from '../keys.ts'
import { chainOf, echo, planOf } from '../testing/plans.fixture.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
import { createClient, type Client, type RunEvent } from './client.ts'

let prefix: string
let client: Client

beforeEach(async () => {
  prefix = testPrefix()
  client = await createClient({ redis: redisUrl(), prefix })
})

afterEach(async () => {
  await client.close()
  await removeKeys(prefix)
  await expectNoKeys(prefix)
})

test('the same id is the same run; another content under it is refused', async () => {
  const plan = chainOf(1)
  expect(await client.start(plan, { runId: 'run', input: { n: 1 } })).toEqual({ outcome: 'started' })
  expect(await client.start(plan, { runId: 'run', input: { n: 1 } })).toEqual({ outcome: 'exists' })
  await expect(client.start(plan, { runId: 'run', input: { n: 2 } })).rejects.toMatchObject({ code: 'run/id-conflict' })
  await expect(client.start(plan, { runId: 'a:b' })).rejects.toMatchObject({ code: 'run/bad-option' })
  await expect(client.start(plan, { runId: 'run2', priority: -1 })).rejects.toMatchObject({ code: 'run/bad-option' })
})

test('another client is woken when the run ends, and one that comes later is answered at once', async () => {
  await using other = await createClient({ redis: redisUrl(), prefix })
  await client.start(chainOf(3), { runId: 'run' })
  const waiting = other.waitForEnd('run')
  await using _worker = (await startTestWorker({ prefix, functions: [echo] })).runtime
  expect((await waiting).status).toBe('success')
  await using late = await createClient({ redis: redisUrl(), prefix })
  expect((await late.waitForEnd('run')).status).toBe('success')
})

test('waiting ends by its signal, with the client, and at once for a run that nobody knows', async () => {
  await client.start(chainOf(1), { runId: 'run' })
  const stop = new AbortController()
  const waiting = client.waitForEnd('run', stop.signal)
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  await expect(client.waitForEnd('nobody')).rejects.toMatchObject({ code: 'run/not-found' })
  const other = await createClient({ redis: redisUrl(), prefix })
  const forEver = other.waitForEnd('run')
  forEver.catch(() => undefined)
  await other.close()
  await expect(forEver).rejects.toMatchObject({ code: 'redis/closed' })
})

test('events come as they are written, and go on behind a cursor', async () => {
  await client.start(chainOf(2), { runId: 'run' })
  const seen: RunEvent[] = []
  const watching = (async () => {
    for await (const event of client.events('run')) seen.push(event)
  })()
  await expect.poll(() => seen.length).toBe(1)
  await using _worker = (await startTestWorker({ prefix, functions: [echo] })).runtime
  await watching
  expect(seen.map(({ record }) => record.kind)).toEqual([
    'started',
    'claimed',
    'committed',
    'claimed',
    'committed',
    'ended',
  ])
  expect(seen.map(({ cursor }) => cursor)).toEqual([1, 2, 3, 4, 5, 6])
  const rest: RunEvent[] = []
  for await (const event of client.events('run', { from: 4 })) rest.push(event)
  expect(rest).toEqual(seen.slice(4))
})

test('a cancelled run starts nothing more and aborts what runs', async () => {
  const { promise: isBusy, resolve: busy } = Promise.withResolvers<void>()
  const { promise: isAborted, resolve: aborted } = Promise.withResolvers<void>()
  const endless = defineFunction({
    name: 'endless',
    input: z.object({}),
    run: (_, { signal }) => {
      busy()
      return new Promise<string>(() => signal.addEventListener('abort', () => aborted()))
    },
  })
  await using _worker = (await startTestWorker({ prefix, functions: [endless], leaseMs: 1_000 })).runtime
  await client.start(
    planOf(
      '  - {id: a, type: function, handler: endless, input: {}}\n  - {id: b, type: function, handler: endless, input: {}, depends_on: [a]}',
    ),
    { runId: 'run' },
  )
  await isBusy
  expect(await client.cancel('run', 'enough')).toEqual({ isDone: true, status: 'cancelled' })
  expect(await client.cancel('run', 'again')).toEqual({ isDone: false, status: 'cancelled' })
  await isAborted
  expect((await client.waitForEnd('run')).error).toMatchObject({ code: 'run/cancelled', message: 'enough' })
  expect(await client.resume('run', { reason: 'no' })).toEqual({ outcome: 'refused', status: 'cancelled' })
})

test('a paused run holds, and goes on when it is resumed', async () => {
  await client.start(chainOf(2), { runId: 'run' })
  expect(await client.pause('run', 'wait')).toEqual({ isDone: true, status: 'paused' })
  await using _worker = (await startTestWorker({ prefix, functions: [echo] })).runtime
  const [steps] = await client.queues()
  await expect.poll(() => steps?.getJobCounts('waiting', 'active')).toEqual({ waiting: 0, active: 0 })
  expect((await client.load('run'))?.records.map(({ kind }) => kind)).toEqual(['started', 'paused'])
  expect(await client.resume('run', { reason: 'go on' })).toEqual({ outcome: 'resumed', status: 'paused' })
  expect((await client.waitForEnd('run')).status).toBe('success')
  expect(await client.resume('run', { reason: 'again' })).toEqual({ outcome: 'nothing', status: 'success' })
})

test('a failed run is reopened and only what failed runs again', async () => {
  let isBroken = true
  const ran: string[] = []
  const brittle = defineFunction({
    name: 'brittle',
    input: z.object({ id: z.string() }),
    run({ id }) {
      ran.push(id)
      if (id === 'b' && isBroken) throw new Error('broken')
      return id
    },
  })
  const step = (id: string, after: string): string =>
    `  - {id: ${id}, type: function, handler: brittle, input: {id: ${id}}, depends_on: [${after}], retry: {max_retries: 0}}`
  await using _worker = (await startTestWorker({ prefix, functions: [brittle] })).runtime
  await client.start(planOf([step('a', ''), step('b', 'a'), step('c', 'b')].join('\n')), { runId: 'run' })
  expect((await client.waitForEnd('run')).status).toBe('failed')
  isBroken = false
  expect(await client.resume('run', { reason: 'repaired' })).toEqual({ outcome: 'resumed', status: 'failed' })
  expect((await client.waitForEnd('run')).status).toBe('success')
  expect(ran).toEqual(['a', 'b', 'b', 'c'])
})

test('runs are listed newest first, by status and workflow; those that left Redis are not', async () => {
  await client.start(chainOf(1), { runId: 'one' })
  await client.start(planOf('  - {id: a, type: function, handler: echo, input: {text: 1}}'), { runId: 'two' })
  await client.cancel('two', 'x')
  expect((await client.list({ limit: 10 })).map(({ runId }) => runId).toSorted()).toEqual(['one', 'two'])
  expect((await client.list({ limit: 10, statuses: ['cancelled'] })).map(({ runId }) => runId)).toEqual(['two'])
  expect((await client.list({ limit: 10, workflow: 'chain' })).map(({ runId }) => runId)).toEqual(['one'])
  const redis = new Redis(redisUrl())
  await redis.del(...keysOf(prefix).run('two'))
  expect(await client.list({ limit: 10, statuses: ['cancelled'] })).toEqual([])
  expect(await redis.zcard(keysOf(prefix).index('cancelled'))).toBe(0)
  redis.disconnect()
})

test('an ended run leaves Redis after its retention, its definition with it, and no live run loses one', async () => {
  const redis = new Redis(redisUrl())
  const keys = keysOf(prefix)
  const journal = new RedisJournal({ redis, keys, retentionMs: 60_000 })
  const plan = chainOf(1)
  await journal.start(startCommand(plan, { runId: 'one' }))
  await journal.start(startCommand(plan, { runId: 'two' }))
  await journal.cancel('one', 'x')
  expect(await redis.pttl(keys.run('one')[0])).toBeGreaterThan(50_000)
  expect(await redis.pttl(keys.definition(plan.hash))).toBe(-1)
  await journal.cancel('two', 'x')
  for (const key of [...keys.run('two').filter((name) => !name.includes(':out:')), keys.definition(plan.hash)])
    expect(await redis.pttl(key)).toBeGreaterThan(50_000)
  expect(await redis.zrange(keys.due, 0, '-1')).toEqual(['one/s0', 'two/s0'])
  redis.disconnect()
})
