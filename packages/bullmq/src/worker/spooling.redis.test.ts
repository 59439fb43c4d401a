import { createPlans, startCommand } from '@agentloom/engine'
import { MemorySpool } from '@agentloom/engine/testing'
import { expectNoKeys, redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClient } from '../client/client.ts'
import { connect } from '../connect/connect.ts'
import { openShards } from '../shards/open-shards.ts'
import { chainOf, echo, planOf } from '../testing/plans.fixture.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
import { Registry } from './registry.ts'
import { Spooling } from './spooling.ts'

let prefix: string

beforeEach(() => {
  prefix = testPrefix()
})

afterEach(async () => {
  await removeKeys(prefix)
  await expectNoKeys(prefix)
})

const plan = planOf('  - {id: s, type: function, handler: f}')

/** A worker's spool that has known a run since long ago. */
async function opened() {
  const { redis, shards, fleet } = await connect({ redis: redisUrl(), prefix })
  const spool = new MemorySpool()
  const registry = new Registry(redis, fleet)
  const spooling = new Spooling(
    { redis, shards, registry, instance: 'me', retentionMs: 60_000, emit: () => undefined },
    { spool },
  )
  const { journal, unguarded, doorbell, closeQueues } = openShards({ redis, shards, generations: spooling.generations })
  const plans = createPlans((hash) => journal.definition(hash))
  const spooled = spooling.around(journal, unguarded, { doorbell, plans, observe: () => undefined })
  await spooling.begin()
  await spooled.start(startCommand(plan, { runId: 'run' }))
  await spool.put({ kind: 'ended', runId: 'run', status: 'timeout', error: null, atMs: 0 }) // it is idle
  return {
    redis,
    spool,
    spooling,
    journal,
    async [Symbol.asyncDispose]() {
      await closeQueues()
      redis.disconnect()
    },
  }
}

test('a run that has left the journal is dropped, one that is at work is not', async () => {
  await using here = await opened()
  await here.spooling.sweep(here.journal)
  expect(await here.spool.runs()).toHaveLength(1)
  await here.journal.erase('run', 1)
  await here.spooling.sweep(here.journal)
  expect(await here.spool.runs()).toEqual([])
})

test('a run that Redis has lost is filled up and kept', async () => {
  await using here = await opened()
  await removeKeys(prefix)
  await here.spooling.sweep(here.journal)
  expect(await here.journal.status('run')).toBe('timeout')
  expect(await here.spool.runs()).toHaveLength(1)
})

test('a worker whose disk refuses puts bells back instead of failing their jobs', async () => {
  const spool = new MemorySpool()
  spool.failure = new Error('no space left')
  await using _worker = (await startTestWorker({ prefix, functions: [echo], spool: { spool } })).runtime
  await using client = await createClient({ redis: redisUrl(), prefix })
  const [queue] = await client.queues()
  await client.start(chainOf(3), { runId: 'run' })
  await expect.poll(() => queue?.getJobCounts('failed', 'delayed')).toEqual({ failed: 0, delayed: 1 })
  spool.failure = null
  expect(await client.result('run')).toMatchObject({ status: 'success' })
  expect(await queue?.getFailedCount()).toBe(0)
})
