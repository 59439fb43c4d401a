import { startCommand } from '@agentloom/engine'
import { expectNoKeys, redisUrl, removeKeys, startRedis, testPrefix } from '@agentloom/testing'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createClient } from '../client/client.ts'
import { RedisJournal } from '../journal/redis-journal.ts'
import { keysOf } from '../keys.ts'
import { Scripts } from '../script.ts'
import { chainOf, echo } from '../testing/plans.fixture.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
import { StartGate } from './start-gate.ts'

let prefix: string

beforeEach(() => {
  prefix = testPrefix()
})

afterEach(async () => {
  await removeKeys(prefix)
  await expectNoKeys(prefix)
})

test('a START above the backlog is refused until workers have begun what waits', async () => {
  await using client = await createClient({ redis: redisUrl(), prefix, backlogMax: 2 })
  const plan = chainOf(2)
  for (const runId of ['run-1', 'run-2']) await client.start(plan, { runId })
  const refused = { code: 'run/backlog', retryable: true, help: expect.stringContaining('AGENTLOOM_BACKLOG') }
  await expect(client.start(plan, { runId: 'run-3' })).rejects.toMatchObject(refused)
  expect(await client.header('run-3')).toBeNull()
  expect(await client.start(plan, { runId: 'run-1' })).toEqual({ outcome: 'exists' }) // it was accepted before
  await using _worker = (await startTestWorker({ prefix, functions: [echo] })).runtime
  await client.waitForEnd('run-2')
  await vi.waitUntil(() => client.start(plan, { runId: 'run-3' }).catch(() => null))
  expect((await client.waitForEnd('run-3')).status).toBe('success')
})

test('a start-run job waits in its queue while the backlog is passed', { timeout: 20_000 }, async () => {
  await using client = await createClient({ redis: redisUrl(), prefix })
  const runs = (await client.queues()).at(-1)
  await client.start(chainOf(1), { runId: 'run-1' })
  // Serves another shard's steps only, so that nobody begins the run that waits.
  const starter = await startTestWorker({ prefix, workflows: [chainOf(1)], backlogMax: 1, pools: ['elsewhere'] })
  const job = await runs?.add('start-run', { workflow: 'chain', id: 'run-2' })
  await vi.waitUntil(() => job?.isDelayed())
  expect(await client.header('run-2')).toBeNull()
  await using _worker = (await startTestWorker({ prefix, functions: [echo] })).runtime
  await vi.waitUntil(async () => (await client.header('run-2'))?.status === 'success', { timeout: 15_000 })
  await starter.runtime.close()
})

test('the gate looks a few times a second, counts its own starts in between, and shares one look', async () => {
  await using server = await startRedis()
  const redis = new Redis(server.url)
  let now = 0
  const scripts = new Scripts(redis)
  const keys = keysOf(prefix)
  const gate = new StartGate({ scripts, keys, shardCount: 2, limits: { backlogMax: 20 }, monotonic: () => now })
  const looks = async (): Promise<number> =>
    Number(/cmdstat_zcard:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0)
  const outcomes = await Promise.allSettled(Array.from({ length: 15 }, () => gate.admit()))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10) // half of it, for one of two shards
  expect(await looks()).toBe(1)
  now += 3_000 // what it has started would stand in Redis by now
  await expect(gate.admit()).resolves.toBeUndefined()
  expect(await looks()).toBe(2)
  redis.disconnect()
})

test('above the memory mark START is refused, and a run at work still gets its child runs, even when Redis is full', async () => {
  await using server = await startRedis({ args: ['--maxmemory', '64mb', '--maxmemory-policy', 'noeviction'] })
  await using marked = await createClient({ redis: server.url, prefix, memoryMark: 0.001 })
  const plan = chainOf(1)
  await expect(marked.start(plan, { runId: 'run-1' })).rejects.toMatchObject({
    code: 'redis/memory-mark',
    retryable: true,
  })
  await using client = await createClient({ redis: server.url, prefix })
  await client.start(plan, { runId: 'run-1' })
  const redis = new Redis(server.url)
  await redis.config('SET', 'maxmemory', '1')
  const journal = new RedisJournal({ redis, keys: keysOf(prefix) })
  await expect(journal.start(startCommand(plan, { runId: 'run-2' }))).rejects.toMatchObject({ code: 'redis/full' })
  const parent = { runId: 'run-1', stepId: 's0', rootRunId: 'run-1' }
  const child = await journal.start(startCommand(plan, { runId: 'run-1.s0', parent }))
  expect(child.outcome).toBe('started')
  redis.disconnect()
})

test(
  'START waits for replicas, and says when they had not got it, though the run is started',
  { timeout: 40_000 },
  async () => {
    await using server = await startRedis({ isLocal: true })
    await using replica = await startRedis({ isLocal: true, args: ['--replicaof', '127.0.0.1', String(server.port)] })
    const atReplica = new Redis(replica.url)
    await vi.waitUntil(async () => (await atReplica.info('replication')).includes('master_link_status:up'), {
      timeout: 20_000,
    })
    await using client = await createClient({ redis: server.url, prefix, durability: 'replicas(1)' })
    await Promise.all(['run-1', 'run-2', 'run-3'].map((runId) => client.start(chainOf(1), { runId })))
    for (const runId of ['run-1', 'run-2', 'run-3'])
      expect(await atReplica.exists(keysOf(prefix).run(runId)[0])).toBe(1) // no waiting: it is there when START returns
    const late = client.start(chainOf(1), { runId: 'run-4', durability: 'replicas(2)' })
    await expect(late).rejects.toMatchObject({
      code: 'run/durability',
      place: 'run-4',
      retryable: true,
      message: expect.stringContaining('1 of 2 replicas'),
    })
    expect((await client.header('run-4'))?.status).toBe('queued')
    expect(await client.start(chainOf(1), { runId: 'run-4' })).toEqual({ outcome: 'exists' })
    atReplica.disconnect()
  },
)

test('durability aof: refused before START where Redis cannot tell, and reached at once where each write is on disk', async () => {
  await using plain = await startRedis()
  await using without = await createClient({ redis: plain.url, prefix })
  await expect(without.start(chainOf(1), { runId: 'run-1', durability: 'aof' })).rejects.toMatchObject({
    code: 'redis/durability',
    help: expect.stringContaining('appendonly'),
  })
  expect(await without.header('run-1')).toBeNull()
  await using server = await startRedis({ appendonly: true, appendfsync: 'always' })
  await using client = await createClient({ redis: server.url, prefix, durability: 'aof' })
  expect(await client.start(chainOf(1), { runId: 'run-1' })).toEqual({ outcome: 'started' })
  await server.kill9()
  await server.restart()
  expect((await client.header('run-1'))?.status).toBe('queued')
  const nonsense = client.start(chainOf(1), { runId: 'run-2', durability: 'replicas(0)' })
  await expect(nonsense).rejects.toMatchObject({ code: 'redis/durability' })
})

test('an input above 10 MiB is refused before anything is sent', async () => {
  await using client = await createClient({ redis: redisUrl(), prefix })
  const input = { text: 'x'.repeat(11 * 1_024 * 1_024) }
  await expect(client.start(chainOf(1), { runId: 'run-1', input })).rejects.toMatchObject({
    code: 'run/input-too-large',
  })
})
