import { expectNoKeys, redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { compileYaml, defineFunction, type Plan } from '@agentloom/workflow'
import { Worker, type Job, type Queue } from 'bullmq'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { createClient, type Client } from '../client/client.ts'
import { startTestWorker, type TestWorker } from '../testing/test-worker.fixture.ts'

// The buttons of Bull Board are these methods of BullMQ's.

let prefix: string
let client: Client
let steps: Queue
let worker: TestWorker
/** Names of steps in the order in which they ran, and those that throw for now. */
let called: string[]
let broken: Set<string>

const say = defineFunction({
  name: 'say',
  input: z.object({ name: z.string() }),
  run({ name }) {
    called.push(name)
    if (broken.has(name)) throw new Error(`${name} is broken`)
    return name
  },
})

beforeEach(async () => {
  called = []
  broken = new Set()
  prefix = testPrefix()
  client = await createClient({ redis: redisUrl(), prefix })
  const [queue] = await client.queues()
  if (queue === undefined) throw new Error('no queue')
  steps = queue
  worker = await startTestWorker({ prefix, functions: [say] })
})

afterEach(async () => {
  await worker.runtime.close()
  await client.close()
  await removeKeys(prefix)
  await expectNoKeys(prefix)
})

function planOf(text: string): Plan {
  return compileYaml(`name: w\nsteps:\n${text}`).plan
}

function step(id: string, more = 'retry: {max_retries: 0}'): string {
  return `  - {id: ${id}, type: function, handler: say, input: {name: ${id}}, ${more}}\n`
}

const once = 'retry: {max_retries: 0}'

function failedJob(stepId: string): Promise<Job> {
  return vi.waitUntil(async () => (await steps.getFailed()).find(({ name }) => name.endsWith(`· ${stepId}`)))
}

async function expectStatus(status: string): Promise<void> {
  await expect.poll(async () => (await client.header('r'))?.status).toBe(status)
}

test('Retry runs a failed step again with what was skipped for it, and nothing else that failed', async () => {
  broken = new Set(['a', 'x'])
  await client.start(planOf(step('a') + step('b', `depends_on: [a], ${once}`) + step('x')), { runId: 'r' })
  await expectStatus('failed')
  broken = new Set()
  called = []
  await (await failedJob('a')).retry()
  await expect.poll(() => called).toEqual(['a', 'b'])
  const view = await client.result('r')
  expect(view.status).toBe('failed')
  expect(view.steps.map(({ id, status }) => [id, status])).toEqual([
    ['a', 'success'],
    ['x', 'failed'],
    ['b', 'success'],
  ])
  await (await failedJob('x')).retry()
  await expectStatus('success')
  expect(called).toEqual(['a', 'b', 'x'])
})

test('Retry of a step that failed inside of another job, while its run waits for something else', async () => {
  broken = new Set(['b'])
  const wait = '  - {id: hold, type: wait_for, signal: go}\n'
  const after = (id: string, above: string): string => step(id, `depends_on: [${above}], ${once}`)
  await client.start(planOf(step('a') + after('b', 'a') + after('c', 'b') + wait), { runId: 'r' })
  const job = await failedJob('b')
  await expectStatus('parked')
  broken = new Set()
  await job.retry()
  await expect.poll(() => called).toEqual(['a', 'b', 'b', 'c'])
  await client.signal('r', 'go')
  await expectStatus('success')
})

test('a step that fails again after a Retry is a failed job again, and can be retried again', async () => {
  broken = new Set(['a'])
  await client.start(planOf(step('a')), { runId: 'r' })
  await expectStatus('failed')
  await (await failedJob('a')).retry()
  await expect.poll(() => called.length).toBe(2)
  await expectStatus('failed')
  broken = new Set()
  await (await failedJob('a')).retry()
  await expectStatus('success')
})

test('Retry of a step of a child run runs the step of the parent again', async () => {
  broken = new Set(['a'])
  const sub = `name: w\nsteps:\n  - {id: sub, type: subworkflow, workflow_path: child.yaml, ${once}}\n`
  const { plan } = compileYaml(sub, { files: { 'child.yaml': `name: child\nsteps:\n${step('a')}` } })
  await client.start(plan, { runId: 'r' })
  await expectStatus('failed')
  broken = new Set()
  await (await failedJob('a')).retry()
  await expectStatus('success')
})

test('Promote fires a delayed retry now', async () => {
  broken = new Set(['a'])
  await client.start(planOf(step('a', 'retry: {max_retries: 3, backoff_base: 30, backoff_max: 600}')), { runId: 'r' })
  // The first back-off is a second; the next one is half a minute.
  const delayed = await vi.waitUntil(
    async () => (await steps.getDelayed()).find(({ opts }) => (opts.delay ?? 0) > 20_000),
    {
      timeout: 10_000,
    },
  )
  expect(delayed.name).toBe('w · a')
  expect(called).toEqual(['a', 'a'])
  broken = new Set()
  await delayed.promote()
  await expectStatus('success')
  expect(called).toEqual(['a', 'a', 'a'])
})

test.each<[string, (job: Job) => Promise<unknown>]>([
  ['Remove', (job) => job.remove()],
  ['Clean', () => steps.clean(0, 100, 'wait')],
  ['Drain', () => steps.drain()],
])('%s loses nothing', async (_, press) => {
  await worker.runtime.close()
  await client.start(planOf(step('a') + step('b', 'depends_on: [a]')), { runId: 'r' })
  const [job] = await steps.getWaiting()
  if (job === undefined) throw new Error('no bell')
  await press(job)
  expect(await steps.getWaitingCount()).toBe(0)
  worker = await startTestWorker({ prefix, functions: [say] })
  expect((await client.waitForEnd('r')).status).toBe('success')
  expect(called).toEqual(['a', 'b'])
})

test('Pause of the queue stops a walk at its next step, too, and Resume lets it go on', async () => {
  const gate = Promise.withResolvers<string>()
  const hold = defineFunction({ name: 'hold', input: z.object({}), run: () => (called.push('hold'), gate.promise) })
  await worker.runtime.close()
  worker = await startTestWorker({ prefix, functions: [hold, say] })
  const plan = planOf(`  - {id: a, type: function, handler: hold}\n${step('b', 'depends_on: [a]')}`)
  await client.start(plan, { runId: 'r' })
  await expect.poll(() => called).toEqual(['hold'])
  await steps.pause()
  await expect.poll(() => worker.runtime.isPaused).toBe(true)
  gate.resolve('x')
  await expect.poll(async () => (await client.view('r'))?.steps[0]?.status).toBe('success')
  await expect.poll(() => worker.runtime.held).toBe(0)
  expect(called).toEqual(['hold'])
  expect((await client.standing()).queues[0]).toMatchObject({ isPaused: true, jobs: { waiting: 1 } })
  await steps.resume()
  expect((await client.waitForEnd('r')).status).toBe('success')
  expect(called).toEqual(['hold', 'b'])
})

test('a job that a worker has put back reopens nothing when it is served', async () => {
  await worker.runtime.close()
  broken = new Set(['a'])
  await client.start(planOf(step('a')), { runId: 'r' })
  const other = new Worker(steps.name, null, { connection: { url: redisUrl() }, prefix: steps.opts.prefix ?? '' })
  const taken = await other.getNextJob('token')
  await taken?.moveToDelayed(Date.now() + 60_000, 'token')
  await other.close()
  const [job] = await steps.getDelayed()
  if (job === undefined) throw new Error('no job')
  await steps.add(job.name, job.data)
  worker = await startTestWorker({ prefix, functions: [say] })
  await expectStatus('failed')
  const before = await client.header('r')
  await job.promote()
  await expect.poll(() => job.getState()).toBe('completed')
  expect(await client.header('r')).toEqual(before)
  expect(called).toEqual(['a'])
})
