import { removeKeys, expectNoKeys, redisUrl, startRedis, testPrefix } from '@agentloom/testing'
import { compileYaml, defineFunction } from '@agentloom/workflow'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createClient, type Client } from '../client/client.ts'
import { connect } from '../connect/connect.ts'
import { keysOf } from '../keys.ts'
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

const step = defineFunction({ name: 'step', input: z.object({}), run: () => 'done' })

const { plan } = compileYaml(`
name: pools
config: {queue: cpu}
steps:
  - {id: a, type: function, handler: step, input: {}}
  - {id: b, type: function, handler: step, input: {}, queue: gpu, depends_on: [a]}
  - {id: c, type: function, handler: step, input: {}, queue: default, depends_on: [b]}
  - id: d
    type: subworkflow
    queue: gpu
    depends_on: [c]
    workflow_inline: {name: child, steps: [{id: e, type: function, handler: step, input: {}}]}
`)

async function workersOf(runId: string): Promise<readonly string[]> {
  const { records = [] } = (await client.load(runId)) ?? {}
  return records.flatMap((record) => (record.kind === 'claimed' ? [`${record.stepId} ${record.worker}`] : []))
}

test('a step is executed by a worker of its pool, and no other goes on with it', async () => {
  const worker = async (name: string) =>
    (await startTestWorker({ prefix, worker: name, pools: [name], functions: [step] })).runtime
  await using _cpu = await worker('cpu')
  await using _gpu = await worker('gpu')
  await client.start(plan, { runId: 'run' })
  await expect.poll(() => workersOf('run')).toEqual(['a cpu', 'b gpu'])
  const queues = await client.queues()
  expect(queues.map(({ name }) => name)).toEqual([
    'agentloom-steps',
    'agentloom-steps-cpu',
    'agentloom-steps-gpu',
    'agentloom-runs',
  ])
  await expect.poll(() => queues[0]?.getWaitingCount()).toBe(1) // of c: nobody serves the default pool
  await using _both = (await startTestWorker({ prefix, worker: 'both', functions: [step] })).runtime
  expect((await client.waitForEnd('run')).status).toBe('success')
  expect((await workersOf('run')).slice(2)).toEqual(['c both', 'd gpu', 'd gpu'])
  expect(await workersOf('run.d')).toEqual(['e gpu'])
})

test('one worker serves several pools, and a bell that was lost is rung again in its own', async () => {
  await client.start(plan, { runId: 'run' })
  const cpu = (await client.queues()).find(({ name }) => name === 'agentloom-steps-cpu')
  await cpu?.drain()
  await using _worker = (
    await startTestWorker({ prefix, pools: ['default', 'cpu', 'gpu'], functions: [step], concurrency: 1 })
  ).runtime
  expect((await client.waitForEnd('run')).status).toBe('success')
})

test('a step’s priority comes before its run’s, and 0 is the first', async () => {
  const prioritized = compileYaml(`
name: urgent
steps:
  - {id: a, type: function, handler: step, input: {}}
  - {id: b, type: function, handler: step, input: {}, priority: 1}
  - {id: c, type: function, handler: step, input: {}, priority: 0}
`).plan
  await client.start(prioritized, { runId: 'run', priority: 7 })
  await using _worker = (await startTestWorker({ prefix, functions: [step], concurrency: 1 })).runtime
  await client.waitForEnd('run')
  expect((await workersOf('run')).map((text) => text.slice(0, 1))).toEqual(['c', 'b', 'a'])
})

test.each([[[]], [['a:b']], [['']]])('%j are no pools', async (pools) => {
  await expect(startTestWorker({ prefix, pools })).rejects.toMatchObject({ code: 'config/worker', place: 'pools' })
})

test('a worker starts on a Redis that is full, and tells its pools when there is room again', async () => {
  await using server = await startRedis({ args: ['--maxmemory', '64mb', '--maxmemory-policy', 'noeviction'] })
  const { redis } = await connect({ redis: server.url, prefix, fixesShards: true })
  await redis.config('SET', 'maxmemory', '1')
  const { runtime, workerEvents } = await startTestWorker({
    redis: server.url,
    prefix,
    pools: ['gpu'],
    functions: [step],
  })
  await using worker = runtime
  expect(worker.isReady()).toBe(true)
  expect(workerEvents).toContainEqual({
    kind: 'error',
    during: 'sweep',
    error: expect.objectContaining({ message: expect.stringMatching(/OOM/) }),
  })
  await redis.config('SET', 'maxmemory', '0')
  await expect.poll(() => redis.smembers(keysOf(prefix).pools), { timeout: 10_000 }).toEqual(['gpu'])
  redis.disconnect()
}, 20_000)
