import { expectNoKeys, redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import type { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClient, type Client } from '../client/client.ts'
import { keysOf, STEPS_QUEUE } from '../keys.ts'
import { chainOf, echo } from '../testing/plans.fixture.ts'
import { startTestWorker, type TestWorker } from '../testing/test-worker.fixture.ts'

// Rows E of bad-input.md: jobs that others add or touch. Whatever they are, the worker goes on with good ones.

let prefix: string
let client: Client
let worker: TestWorker
let steps: Queue

beforeEach(async () => {
  prefix = testPrefix()
  client = await createClient({ redis: redisUrl(), prefix })
  const [queue] = await client.queues()
  if (queue === undefined) throw new Error('no queue')
  steps = queue
  worker = await startTestWorker({ prefix, functions: [echo] })
})

afterEach(async () => {
  await worker.runtime.close()
  await client.close()
  await removeKeys(prefix)
  await expectNoKeys(prefix)
})

async function goodRunEnds(): Promise<void> {
  await client.start(chainOf(2), { runId: 'good' })
  expect((await client.waitForEnd('good')).status).toBe('success')
}

const GOOD = { v: 1, run: 'nobody', step: 'a', epoch: 0, definition: 'd'.repeat(64) }

test.each([
  ['null', null],
  ['a text', 'text'],
  ['a list', []],
  ['nothing', {}],
  ['a number for a run', { ...GOOD, run: 5 }],
  ['a mapping for a step', { ...GOOD, step: {} }],
  ['a run id that could be a key', { ...GOOD, run: 'a:b' }],
  ['an epoch below zero', { ...GOOD, epoch: -1 }],
  [
    '200 foreign fields of 20 MB',
    { ...GOOD, ...Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}`, 'x'.repeat(100_000)])) },
  ],
])('a job whose data is %s fails once and is counted', async (_, data) => {
  const job = await steps.add('whatever', data)
  await expect.poll(() => job.isFailed(), { timeout: 4_000 }).toBe(true)
  expect((await steps.getJob(job.id ?? ''))?.failedReason).toMatch(/^job\/malformed /)
  expect(worker.workerEvents).toContainEqual(
    expect.objectContaining({ kind: 'job-malformed', queue: STEPS_QUEUE, jobId: job.id }),
  )
  await goodRunEnds()
})

test('a job with foreign fields, `__proto__` among them, is served, and the fields are ignored', async () => {
  await goodRunEnds()
  const data: unknown = JSON.parse(
    JSON.stringify({ ...GOOD, run: 'good', definition: null, x: 1 }).replace('"x"', '"__proto__"'),
  )
  const job = await steps.add('again', data)
  await expect.poll(() => job.isCompleted()).toBe(true)
  expect(worker.workerEvents).toContainEqual({ kind: 'bell-late', runId: 'good', stepId: 'a' })
})

test('a bell for a run that nobody knows is answered once, and is no failure', async () => {
  const job = await steps.add('late', GOOD)
  await expect.poll(() => job.isCompleted()).toBe(true)
  expect(worker.workerEvents).toContainEqual({ kind: 'bell-late', runId: 'nobody', stepId: 'a' })
})

test('a job of a newer version is left to newer workers', async () => {
  const job = await steps.add('newer', { ...GOOD, v: 99 })
  await expect.poll(() => job.isDelayed()).toBe(true)
  expect(worker.workerEvents).toContainEqual({ kind: 'job-newer', queue: STEPS_QUEUE, jobId: job.id, version: 99 })
})

test('an id without a job in the waiting list does not stop the worker', async () => {
  const redis = new Redis(redisUrl())
  await redis.lpush(`${keysOf(prefix).root}${STEPS_QUEUE}:wait`, 'ghost')
  await goodRunEnds()
  expect(worker.runtime.isReady()).toBe(true)
  redis.disconnect()
})

test('100 bells for one step are one execution', async () => {
  await worker.runtime.close()
  await client.start(chainOf(1), { runId: 'run' })
  const { definition } = (await client.header('run')) ?? { definition: '' }
  await steps.addBulk(
    Array.from({ length: 100 }, () => ({ name: 'double', data: { ...GOOD, run: 'run', step: 's0', definition } })),
  )
  worker = await startTestWorker({ prefix, functions: [echo] })
  await client.waitForEnd('run')
  await expect.poll(() => steps.getJobCounts('waiting', 'active')).toEqual({ waiting: 0, active: 0 })
  expect((await client.load('run'))?.records.filter(({ kind }) => kind === 'claimed').length).toBe(1)
})

test('a finished job that somebody retries runs nothing again', async () => {
  await goodRunEnds()
  const [job] = await steps.getCompleted()
  await expect.poll(() => job?.isCompleted()).toBe(true)
  await job?.retry('completed')
  await expect.poll(() => job?.isCompleted()).toBe(true)
  expect((await client.load('good'))?.records.filter(({ kind }) => kind === 'claimed').length).toBe(2)
})
