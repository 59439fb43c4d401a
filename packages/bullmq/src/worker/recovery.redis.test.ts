import { edgesOf, NO_USAGE, startCommand, type JournalRecord } from '@agentloom/engine'
import { expectNoKeys, redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { defineFunction } from '@agentloom/workflow'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createClient, type Client } from '../client/client.ts'
import { RedisJournal } from '../journal/redis-journal.ts'
import { keysOf, type Keys } from '../keys.ts'
import { chainOf, echo, fanOf, planOf } from '../testing/plans.fixture.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'

// What must come back by itself: lost bells, dead workers, half-spread edges, a server that forgot its scripts.

let prefix: string
let keys: Keys
let client: Client
let redis: Redis
/** Hands out work without ringing for it, as a process that died in between. */
let silent: RedisJournal

beforeEach(async () => {
  prefix = testPrefix()
  keys = keysOf(prefix)
  client = await createClient({ redis: redisUrl(), prefix })
  redis = new Redis(redisUrl(), { maxRetriesPerRequest: null })
  silent = new RedisJournal({ redis, keys, offerMs: 300 })
})

afterEach(async () => {
  redis.disconnect()
  await client.close()
  await removeKeys(prefix)
  await expectNoKeys(prefix)
})

async function records(runId = 'run'): Promise<readonly JournalRecord[]> {
  return (await client.load(runId))?.records ?? []
}

function claimsOf(stepId: string, all: readonly JournalRecord[]): number {
  return all.filter((record) => record.kind === 'claimed' && record.stepId === stepId).length
}

test('a run whose bell was lost is found and begun', async () => {
  await silent.start(startCommand(chainOf(2), { runId: 'run' }))
  const { runtime, workerEvents } = await startTestWorker({ prefix, functions: [echo] })
  expect((await client.waitForEnd('run')).status).toBe('success')
  expect(workerEvents).toContainEqual({ kind: 'repaired', runId: 'run', stepId: 's0', cause: 'bell' })
  await runtime.close()
})

test('a job that was removed by hand is offered again', async () => {
  const plan = chainOf(1)
  await client.start(plan, { runId: 'run' })
  const [steps] = await client.queues()
  await steps?.obliterate({ force: true })
  await redis.zadd(keys.due, 'XX', Date.now() - 1, 'run/s0') // the time of the next look has come
  await using _worker = (await startTestWorker({ prefix, functions: [echo] })).runtime
  expect((await client.waitForEnd('run')).status).toBe('success')
})

test('a bell that still waits in the queue is not doubled', async () => {
  await client.start(chainOf(1), { runId: 'run' })
  await redis.zadd(keys.due, 'XX', Date.now() - 1, 'run/s0')
  expect(await silent.due(10)).toEqual([])
  const [steps] = await client.queues()
  expect(await steps?.getJobCounts('waiting')).toEqual({ waiting: 1 })
  const score = Number(await redis.zscore(keys.due, 'run/s0'))
  expect(score % 1).toBe(1 / 16)
  expect(score).toBeGreaterThan(Date.now())
})

test('the step of a dead worker is taken over, and its late commit is refused', async () => {
  await silent.start(startCommand(chainOf(2), { runId: 'run' }))
  const reply = await silent.claim({
    offer: { runId: 'run', stepId: 's0', epoch: 0 },
    nonce: 'dead',
    worker: 'dead',
    leaseMs: 200,
    reads: [],
    isDecided: false,
  })
  if (reply.outcome !== 'claimed') throw new Error(reply.outcome)
  await using _worker = (await startTestWorker({ prefix, functions: [echo] })).runtime
  expect((await client.waitForEnd('run')).status).toBe('success')
  const settlement = { kind: 'success', output: '"late"', usage: NO_USAGE } as const
  expect(await silent.settle({ claim: reply.claim, rank: 0, settlement, edges: [], next: null })).toEqual({
    outcome: 'stale',
  })
  expect(claimsOf('s0', await records())).toBe(2)
})

test('a fan-out whose worker died between two chunks of edges goes on where it stopped', async () => {
  const plan = fanOf(250)
  await silent.start(startCommand(plan, { runId: 'run' }))
  const reply = await silent.claim({
    offer: { runId: 'run', stepId: 'first', epoch: 0 },
    nonce: 'dead',
    worker: 'dead',
    leaseMs: 10_000,
    reads: [],
    isDecided: false,
  })
  if (reply.outcome !== 'claimed') throw new Error(reply.outcome)
  const node = plan.byId.get('first')
  if (node === undefined) throw new Error('no step')
  diesAfter(1)
  const settlement = { kind: 'success', output: '"a"', usage: NO_USAGE } as const
  const edges = edgesOf(plan, node, { kind: 'success', target: null })
  await expect(silent.settle({ claim: reply.claim, rank: 0, settlement, edges, next: null })).rejects.toThrow('died')
  await using _worker = (await startTestWorker({ prefix, functions: [echo] })).runtime
  expect((await client.waitForEnd('run')).status).toBe('success')
  const all = await records()
  expect(all.filter(({ kind }) => kind === 'committed').length).toBe(252)
  expect(claimsOf('first', all)).toBe(1)
})

/** The silent process dies after so many more script calls. */
function diesAfter(calls: number): void {
  const send = redis.sendCommand.bind(redis)
  let count = 0
  redis.sendCommand = (command, ...rest) => {
    if (command.name.startsWith('eval') && (count += 1) > calls) {
      command.reject(new Error('died'))
      return command.promise
    }
    return send(command, ...rest)
  }
}

test('a server that forgot its scripts in the middle is sent them again', async () => {
  let count = 0
  const forget = defineFunction({
    name: 'forget',
    input: z.object({}),
    async run() {
      await redis.script('FLUSH')
      return (count += 1)
    },
  })
  const steps = ['a', 'b', 'c'].map(
    (id, i, all) =>
      `  - {id: ${id}, type: function, handler: forget, input: {}${i === 0 ? '' : `, depends_on: [${all[i - 1]}]`}}`,
  )
  await using _worker = (await startTestWorker({ prefix, functions: [forget] })).runtime
  await client.start(planOf(steps.join('\n')), { runId: 'run' })
  expect((await client.waitForEnd('run')).status).toBe('success')
  expect(count).toBe(3)
})

test('a failed attempt is tried again after its back-off, with the next number', async () => {
  const attempts: number[] = []
  const moody = defineFunction({
    name: 'moody',
    input: z.object({}),
    run(_, { attempt }) {
      attempts.push(attempt)
      if (attempt === 1) throw new Error('not yet')
      return 'now'
    },
  })
  const plan = planOf(
    '  - {id: a, type: function, handler: moody, input: {}, retry: {max_retries: 2, backoff_base: 0.1, backoff_max: 0.1, jitter: false}}',
  )
  await using _worker = (await startTestWorker({ prefix, functions: [moody] })).runtime
  await client.start(plan, { runId: 'run' })
  expect((await client.waitForEnd('run')).status).toBe('success')
  expect(attempts).toEqual([1, 2])
})

test('a capped run never has more steps in flight than its cap', async () => {
  let running = 0
  let most = 0
  const busy = defineFunction({
    name: 'busy',
    input: z.object({}),
    async run() {
      most = Math.max(most, (running += 1))
      for (let i = 0; i < 5; i += 1) await redis.ping()
      running -= 1
      return most
    },
  })
  const steps = Array.from({ length: 20 }, (_, i) => `  - {id: s${i}, type: function, handler: busy, input: {}}`).join(
    '\n',
  )
  await using _one = (await startTestWorker({ prefix, functions: [busy] })).runtime
  await using _two = (await startTestWorker({ prefix, functions: [busy] })).runtime
  await client.start(planOf(steps, '{max_concurrent_steps: 3}'), { runId: 'run' })
  expect((await client.waitForEnd('run')).status).toBe('success')
  expect(most).toBe(3)
})

test('a worker that drains hands back what does not end, and another finishes it', async () => {
  const { promise: isBusy, resolve: busy } = Promise.withResolvers<void>()
  const slow = defineFunction({
    name: 'slow',
    input: z.object({}),
    run: (_, { epoch, signal }) => {
      if (epoch > 1) return 'done'
      busy()
      return new Promise<string>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    },
  })
  const first = (await startTestWorker({ prefix, functions: [slow] })).runtime
  await client.start(planOf('  - {id: a, type: function, handler: slow, input: {}}'), { runId: 'run' })
  await isBusy
  await first.close({ graceMs: 50 })
  expect(first.isReady()).toBe(false)
  expect((await records()).at(-1)).toMatchObject({ kind: 'released', stepId: 'a', reason: 'drain' })
  await using _second = (await startTestWorker({ prefix, functions: [slow] })).runtime
  expect((await client.waitForEnd('run')).status).toBe('success')
})

test('a step whose function this worker lacks waits for one that has it', async () => {
  const without = await startTestWorker({ prefix })
  await silent.start(startCommand(chainOf(1), { runId: 'run' }))
  await expect.poll(() => without.events.map(({ kind }) => kind), { timeout: 15_000 }).toContain('no-handler')
  await expect.poll(async () => (await client.header('run'))?.status, { timeout: 15_000 }).toBe('parked')
  expect(await client.explain('run')).toMatchObject({ cause: 'parked', command: 'agentloom resume run' })
  await using _with = (await startTestWorker({ prefix, functions: [echo] })).runtime
  expect((await client.waitForEnd('run')).status).toBe('success')
  expect(await redis.exists(keys.lacking)).toBe(0)
  await client.start(chainOf(3), { runId: 'next' }) // the two share the bells now
  expect((await client.waitForEnd('next')).status).toBe('success')
  expect((await client.load('next'))?.records.some(({ kind }) => kind === 'waiting')).toBe(false)
  await without.runtime.close()
})
