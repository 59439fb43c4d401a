import { createPlans, startCommand, systemClock } from '@agentloom/engine'
import { MemorySpool } from '@agentloom/engine/testing'
import { expectNoKeys, redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClient } from '../client/client.ts'
import { connect } from '../connect/connect.ts'
import { storeTimeMs } from '../connect/store-time.ts'
import { keysOf } from '../keys.ts'
import { openShards } from '../shards/open-shards.ts'
import { chainOf, echo, planOf } from '../testing/plans.fixture.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
import { ownMark } from './process-mark.ts'
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

const CARD = {
  worker: 'other',
  host: 'host',
  version: '1',
  startedAtMs: 0,
  pools: ['default'],
  shards: [0],
  handlers: [],
  concurrency: 1,
  held: 0,
}
const plan = planOf('  - {id: s, type: function, handler: f}')

/** A worker's spool that knows how a run began. */
async function opened(instance: string) {
  const { redis, shards, fleet } = await connect({ redis: redisUrl(), prefix })
  const spool = new MemorySpool()
  const registry = new Registry(redis, fleet)
  const spooling = new Spooling(
    { redis, shards, registry, instance, retentionMs: 60_000, emit: () => undefined, monotonic: systemClock.monotonic },
    { spool },
  )
  const { journal, unguarded, doorbell, closeQueues } = openShards({ redis, shards, generations: spooling.generations })
  const plans = createPlans((hash) => journal.definition(hash))
  const spooled = spooling.around(journal, unguarded, { doorbell, plans, observe: () => undefined })
  await spooling.begin()
  await spooled.start(startCommand(plan, { runId: 'run' }))
  const [keys = keysOf(prefix)] = shards
  return {
    redis,
    keys,
    registry,
    spool,
    spooling,
    journal,
    async [Symbol.asyncDispose]() {
      await closeQueues()
      redis.disconnect()
    },
  }
}

/** A worker's spool that has known since long ago that a run has come to its end, which the journal lacks. */
async function openedLongAgo() {
  const here = await opened('me')
  await here.spool.put({ kind: 'ended', runId: 'run', status: 'timeout', error: null, atMs: 0 })
  return here
}

test('a run that has left the journal is marked, and dropped when it was marked long ago; one that is at work is neither', async () => {
  await using here = await openedLongAgo()
  await here.spooling.sweep?.sweep()
  const [run] = await here.spool.runs()
  expect(run).toMatchObject({ runId: 'run', leavingAtMs: null })
  await here.journal.erase('run', 1)
  await here.spooling.sweep?.sweep()
  await here.spooling.sweep?.sweep()
  const [marked] = await here.spool.runs()
  expect(marked?.leavingAtMs).toBeGreaterThan(Date.now() - 60_000)
  await here.spool.mark(await here.spool.runs(), 0)
  await here.spooling.sweep?.sweep()
  expect(await here.spool.runs()).toEqual([])
})

test('a run that was removed by hand is dropped at once, one of the same name that is there is not', async () => {
  await using here = await openedLongAgo()
  here.spooling.sweep?.removed('run')
  await here.spooling.sweep?.dropRemoved()
  expect(await here.spool.runs()).toHaveLength(1)
  await here.journal.erase('run', 1)
  here.spooling.sweep?.removed('run')
  await here.spooling.sweep?.dropRemoved()
  expect(await here.spool.runs()).toEqual([])
})

test('a worker hears of a removal and forgets the run', async () => {
  const spool = new MemorySpool()
  await using _worker = (await startTestWorker({ prefix, functions: [echo], spool: { spool } })).runtime
  await using client = await createClient({ redis: redisUrl(), prefix })
  await client.start(chainOf(1), { runId: 'run' })
  await client.waitForEnd('run')
  expect(await spool.runs()).toHaveLength(1)
  expect(await client.erase('run')).toBe(true)
  await expect.poll(() => spool.runs()).toEqual([])
})

test('a run that goes on is marked no more', async () => {
  await using here = await openedLongAgo()
  await here.spool.mark(await here.spool.runs(), 0)
  await here.spooling.sweep?.sweep()
  expect(await here.spool.runs()).toMatchObject([{ runId: 'run', leavingAtMs: null }])
})

test('a run that leaves is not put back after a loss, unless another worker knows more of it', async () => {
  await using here = await openedLongAgo()
  await here.spool.mark(await here.spool.runs(), Date.now())
  await removeKeys(prefix)
  await here.spooling.look()
  expect(await here.journal.status('run')).toBeNull()
  await using other = await opened('other')
  expect(await other.journal.status('run')).toBe('queued')
  await removeKeys(prefix)
  await Promise.all([here.spooling.look(), other.spooling.look()])
  expect(await here.journal.status('run')).toBe('timeout') // `other` has put it back, `here` knows how it ended
})

test('a worker that was there a moment before is waited for, though the loss has taken the registry, too', async () => {
  await using here = await openedLongAgo()
  await here.registry.beat('other', { ...ownMark(), ...CARD })
  await here.spooling.look()
  await removeKeys(prefix)
  let isOpen = false
  const looking = here.spooling.look().then(() => (isOpen = true))
  const note = () => here.redis.hget(here.keys.replayed, 'me')
  await expect.poll(note).toMatch(/^merged /)
  const quarantine = (await note())?.split(' ')[1] ?? ''
  const lostAtMs = Number(quarantine.split(':').at(-1))
  await expect.poll(async () => (await storeTimeMs(here.redis)) - lostAtMs, { timeout: 4_000 }).toBeGreaterThan(2_500)
  expect(isOpen).toBe(false)
  await here.redis.hset(here.keys.replayed, 'other', `done ${quarantine} ${await storeTimeMs(here.redis)}`)
  await looking
  expect(await here.journal.status('run')).toBe('timeout')
})

test('a run that Redis has lost is filled up and kept', async () => {
  await using here = await openedLongAgo()
  await removeKeys(prefix)
  await here.spooling.sweep?.sweep()
  expect(await here.journal.status('run')).toBe('timeout')
  expect(await here.spool.runs()).toHaveLength(1)
})

test('a worker whose disk refuses puts bells back instead of failing their jobs', async () => {
  const spool = new MemorySpool()
  spool.failure = new Error('no space left')
  await using worker = (await startTestWorker({ prefix, functions: [echo], spool: { spool } })).runtime
  await using client = await createClient({ redis: redisUrl(), prefix })
  const [queue] = await client.queues()
  await client.start(chainOf(3), { runId: 'run' })
  await expect.poll(() => queue?.getJobCounts('failed', 'delayed')).toEqual({ failed: 0, delayed: 1 })
  expect(worker).toMatchObject({ isSpooling: false })
  expect(worker.isReady()).toBe(false)
  spool.failure = null
  expect(await client.result('run')).toMatchObject({ status: 'success' })
  expect(await queue?.getFailedCount()).toBe(0)
})
