import { expectNoKeys, redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { compileYaml, defineFunction } from '@agentloom/workflow'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createClient, type Client } from '../client/client.ts'
import { keysOf, RUNS_QUEUE } from '../keys.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'

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

const echo = defineFunction({ name: 'echo', input: z.object({ text: z.unknown() }), run: ({ text }) => text })
const boom = defineFunction({
  name: 'boom',
  input: z.object({}),
  run() {
    throw new Error('boom')
  },
})

function chain(length: number) {
  const steps = Array.from(
    { length },
    (_, i) =>
      `  - {id: s${i}, type: function, handler: echo, input: {text: v${i}}, output: v${i}${i === 0 ? '' : `, depends_on: [s${i - 1}]`}}`,
  )
  return compileYaml(`name: chain\nsteps:\n${steps.join('\n')}\n`).plan
}

function fan(width: number) {
  const steps = Array.from(
    { length: width },
    (_, i) => `  - {id: w${i}, type: function, handler: echo, input: {text: ${i}}, depends_on: [first]}`,
  )
  const all = Array.from({ length: width }, (_, i) => `w${i}`).join(', ')
  return compileYaml(
    `name: fan\nconfig: {max_concurrent_steps: 1000}\nsteps:\n  - {id: first, type: function, handler: echo, input: {text: a}}\n${steps.join('\n')}\n  - {id: last, type: function, handler: echo, input: {text: z}, depends_on: [${all}]}\n`,
  ).plan
}

test('a chain runs to its end, and the client is woken', async () => {
  await using worker = (await startTestWorker({ prefix, functions: [echo] })).runtime
  expect(worker.isReady()).toBe(true)
  await client.start(chain(10), { runId: 'run' })
  const header = await client.waitForEnd('run')
  expect(header.status).toBe('success')
  const view = await client.view('run')
  expect(view?.steps.map(({ status }) => status)).toEqual(Array(10).fill('success'))
  expect(view?.state['v9']).toBe('v9')
})

test('a fan of 250 runs to its end, in chunks of edges', async () => {
  await using _worker = (await startTestWorker({ prefix, functions: [echo] })).runtime
  await client.start(fan(250), { runId: 'run' })
  expect((await client.waitForEnd('run')).status).toBe('success')
  const records = (await client.load('run'))?.records ?? []
  expect(records.filter(({ kind }) => kind === 'claimed').length).toBe(252)
})

test('a step that fails for good is a failed job with its error, also when it was reached inside of another job', async () => {
  const { runtime: worker } = await startTestWorker({ prefix, functions: [echo, boom] })
  const plan = compileYaml(
    'name: bad\nsteps:\n  - {id: a, type: function, handler: echo, input: {text: 1}}\n  - {id: b, type: function, handler: boom, input: {}, depends_on: [a], retry: {max_retries: 0}}\n',
  ).plan
  await client.start(plan, { runId: 'run' })
  expect((await client.waitForEnd('run')).status).toBe('failed')
  const [steps] = await client.queues()
  await expect
    .poll(async () => (await steps?.getFailed())?.map(({ name, failedReason }) => [name, failedReason]))
    .toEqual([['bad · b', expect.stringMatching(/^[a-z]+\/[a-z-]+ .*boom/)]])
  await worker.close()
})

test('any service starts a run by adding a job with a plain queue', async () => {
  const { runtime: worker } = await startTestWorker({ prefix, functions: [echo], workflows: [chain(2)] })
  const connection = new Redis(redisUrl(), { maxRetriesPerRequest: null })
  const queue = new Queue(RUNS_QUEUE, { connection, prefix: keysOf(prefix).bullPrefix })
  await queue.add('start-run', { workflow: 'chain', input: { x: 1 }, id: 'from-outside', tags: ['t'] })
  await expect.poll(() => client.header('from-outside')).not.toBeNull()
  expect((await client.waitForEnd('from-outside')).status).toBe('success')
  const unnamed = await queue.add('start-run', { workflow: 'chain' })
  await expect
    .poll(async () => (await queue.getJob(unnamed.id ?? ''))?.returnvalue)
    .toMatchObject({ runId: expect.stringMatching(/^[a-z2-7]{16}$/) })
  const unknown = await queue.add('start-run', { workflow: 'nope' })
  await expect.poll(async () => (await queue.getJob(unknown.id ?? ''))?.failedReason).toMatch(/^run\/unknown-workflow /)
  await queue.close()
  connection.disconnect()
  await worker.close()
})

test('a draining worker ends the step in hand and leaves the rest of the chain to others', async () => {
  const done: string[] = []
  const drains: Promise<void>[] = []
  const worker = async (name: string) => {
    const { runtime } = await startTestWorker({
      prefix,
      worker: name,
      functions: [
        defineFunction({
          name: 'echo',
          input: z.object({ text: z.string() }),
          run: ({ text }) => {
            done.push(`${name} ${text}`)
            if (drains.length === 0) drains.push(runtime.close())
            return text
          },
        }),
      ],
    })
    return runtime
  }
  await worker('first')
  await client.start(chain(5), { runId: 'run' })
  await expect.poll(() => drains.length).toBe(1)
  await Promise.all(drains)
  expect(done).toEqual(['first v0'])
  await using second = await worker('second')
  await client.waitForEnd('run')
  expect(done.slice(1)).toEqual(['v1', 'v2', 'v3', 'v4'].map((text) => `${second.worker} ${text}`))
  const kinds = new Set((await client.load('run'))?.records.map(({ kind }) => kind))
  expect([...kinds]).toEqual(['started', 'claimed', 'committed', 'ended'])
})

test('many bells share jobs, however few places a worker has, and every failure is shown', async () => {
  const plan = compileYaml(
    'name: one\nsteps:\n  - {id: a, type: function, handler: boom, input: {}, retry: {max_retries: 0}}\n',
  ).plan
  const ids = Array.from({ length: 40 }, (_, i) => `run-${i}`)
  await Promise.all(ids.map((runId) => client.start(plan, { runId })))
  const [steps] = await client.queues()
  expect(await steps?.getWaitingCount()).toBeLessThan(20)
  let most = 0
  await using _worker = (await startTestWorker({ prefix, functions: [boom], concurrency: 3 })).runtime
  const ends = Promise.all(ids.map((runId) => client.waitForEnd(runId)))
  const watched = setInterval(() => (most = Math.max(most, _worker.held)), 1)
  expect((await ends).map(({ status }) => status)).toEqual(ids.map(() => 'failed'))
  clearInterval(watched)
  expect(most).toBeLessThanOrEqual(3)
  await expect.poll(() => steps?.getFailedCount()).toBe(40)
})

test('steps that wait for a place too long are left to other workers', async () => {
  const served: string[] = []
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const held = (name: string) =>
    defineFunction({
      name: 'held',
      input: z.object({}),
      async run() {
        served.push(name)
        await released
        return null
      },
    })
  const plan = compileYaml('name: one\nsteps:\n  - {id: a, type: function, handler: held, input: {}}\n').plan
  const ids = Array.from({ length: 32 }, (_, i) => `run-${i}`)
  await Promise.all(ids.map((runId) => client.start(plan, { runId })))
  await using _first = (await startTestWorker({ prefix, functions: [held('first')], concurrency: 2 })).runtime
  await expect.poll(() => served.length).toBe(2)
  await using _second = (await startTestWorker({ prefix, functions: [held('second')], concurrency: 40 })).runtime
  await expect.poll(() => served.length, { timeout: 4_000 }).toBe(32)
  release()
  await Promise.all(ids.map((runId) => client.waitForEnd(runId)))
})

test('a run is begun at once also when Redis has lost its scripts', async () => {
  await using _worker = (await startTestWorker({ prefix, functions: [echo] })).runtime
  await client.start(chain(1), { runId: 'before' })
  await client.waitForEnd('before')
  const redis = new Redis(redisUrl())
  await redis.script('FLUSH')
  redis.disconnect()
  await client.start(chain(1), { runId: 'after' })
  await client.waitForEnd('after')
  const claims = (await client.load('after'))?.records.filter(({ kind }) => kind === 'claimed')
  expect(claims).toMatchObject([{ epoch: 1 }]) // the sweeper would have offered it under another
})
