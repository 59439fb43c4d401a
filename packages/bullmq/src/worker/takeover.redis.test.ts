import { startCommand } from '@agentloom/engine'
import { expectNoKeys, redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { compileYaml, defineFunction } from '@agentloom/workflow'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createClient, type Client } from '../client/client.ts'
import { RedisJournal } from '../journal/redis-journal.ts'
import { fleetKeysOf, keysOf } from '../keys.ts'
import { Scripts } from '../script.ts'
import { chainOf, echo } from '../testing/plans.fixture.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
import { ownMark, type ProcessMark } from './process-mark.ts'
import { Registry } from './registry.ts'

// Leases of ten minutes: what is taken over here is so by what is known of its worker.
const LEASE_MS = 600_000

let prefix: string
let client: Client
let redis: Redis

beforeEach(async () => {
  prefix = testPrefix()
  client = await createClient({ redis: redisUrl(), prefix })
  redis = new Redis(redisUrl(), { maxRetriesPerRequest: null })
})

afterEach(async () => {
  redis.disconnect()
  await client.close()
  await removeKeys(prefix)
  await expectNoKeys(prefix)
})

/** A worker that claimed the step of a run, beat `beatsAgoMs` ago for the last time, and is such a process. */
async function earlier(mark: ProcessMark, beatsAgoMs: number): Promise<void> {
  const journal = new RedisJournal({ redis, keys: keysOf(prefix) })
  await journal.start(startCommand(chainOf(1), { runId: 'run' }))
  const offer = { runId: 'run', stepId: 's0', epoch: 0 }
  const claim = { offer, nonce: 'earlier-1', worker: 'earlier', leaseMs: LEASE_MS, reads: [], isDecided: false }
  expect((await journal.claim(claim)).outcome).toBe('claimed')
  const clock = `local function clock() local t = redis.call('TIME') return t[1] * 1000 - ${beatsAgoMs} end`
  const about = { worker: 'earlier', host: 'h', version: '1', startedAtMs: 1, concurrency: 1, held: 1 }
  const serves = { pools: ['default'], shards: [0], handlers: [] }
  await new Registry(redis, fleetKeysOf(prefix), new Scripts(redis, clock)).beat('earlier-', {
    ...mark,
    ...about,
    ...serves,
  })
}

test.skipIf(ownMark().space === null)(
  'a worker that starts takes back what one held whose process has ended',
  async () => {
    await earlier({ ...ownMark(), started: '1' }, 0)
    const { runtime, workerEvents } = await startTestWorker({ prefix, functions: [echo], leaseMs: LEASE_MS })
    expect((await client.waitForEnd('run')).status).toBe('success')
    expect(workerEvents).toContainEqual({ kind: 'taken-over', worker: 'earlier', steps: 1 })
    await runtime.close()
  },
)

test(
  'a worker that fell silent loses its steps to the others, once they are sure of Redis',
  { timeout: 20_000 },
  async () => {
    await earlier({ pid: 1, space: 'elsewhere', started: '1' }, 60_000)
    const { runtime, workerEvents } = await startTestWorker({ prefix, functions: [echo] })
    expect((await client.waitForEnd('run')).status).toBe('success')
    expect(workerEvents).toContainEqual({ kind: 'taken-over', worker: 'earlier', steps: 1 })
    expect((await client.load('run'))?.records.filter(({ kind }) => kind === 'died')).toHaveLength(1)
    await runtime.close()
  },
)

test('one that beats keeps its steps', async () => {
  await earlier(ownMark(), 0)
  const registry = new Registry(redis, fleetKeysOf(prefix))
  expect(await registry.silent()).toEqual([])
  const { runtime } = await startTestWorker({ prefix, functions: [echo] })
  expect(await client.header('run')).toMatchObject({ status: 'running' })
  await runtime.close()
  expect((await client.load('run'))?.records.map(({ kind }) => kind)).toEqual(['started', 'claimed'])
})

const CHILD = `
name: deep
steps:
  - id: sub
    type: subworkflow
    workflow_inline: {name: child, steps: [{id: inner, type: function, handler: hang, input: {}}]}
finally: [{id: bye, type: function, handler: echo, input: {text: bye}}]
`

test('a cancel reaches a step in flight long before the next beat, also in a child run', async () => {
  const entered = Promise.withResolvers<void>()
  const aborted = Promise.withResolvers<void>()
  const hang = defineFunction({
    name: 'hang',
    input: z.object({}),
    run: (_input, { signal }) => {
      signal.addEventListener('abort', () => aborted.resolve())
      entered.resolve()
      return new Promise(() => undefined)
    },
  })
  const { runtime } = await startTestWorker({ prefix, functions: [hang, echo], leaseMs: LEASE_MS })
  await client.start(compileYaml(CHILD).plan, { runId: 'run' })
  await entered.promise
  const explained = await client.explain('run')
  expect(explained).toMatchObject({ cause: 'at-work', heldBy: runtime.worker })
  expect(explained?.steps.map(({ path, cause }) => `${path} ${cause}`)).toEqual(['sub child-run', 'sub.inner at-work'])
  expect(explained?.untilMs ?? 0).toBeGreaterThan(Date.now() + 60_000) // its lease
  expect(await client.explain('nobody')).toBeNull()
  await client.cancel('run', 'enough')
  await aborted.promise
  expect((await client.waitForEnd('run')).status).toBe('cancelled')
  expect((await client.header('run.sub'))?.error?.code).toBe('run/parent-ended')
  expect((await client.view('run'))?.steps.find(({ id }) => id === 'finally')?.status).toBe('success')
  await runtime.close()
})
