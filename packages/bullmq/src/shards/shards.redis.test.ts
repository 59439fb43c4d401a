import { expectNoKeys, redisUrl, removeKeys, startRedis, testPrefix } from '@agentloom/testing'
import { compileYaml } from '@agentloom/workflow'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClient } from '../client/client.ts'
import { openCompaction } from '../compact/compaction.ts'
import { fleetKeysOf, keysOf } from '../keys.ts'
import { chainOf, echo, fanOf } from '../testing/plans.fixture.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
import { shardOf } from './shard-of.ts'

const SHARDS = 4

let prefix: string
let redis: Redis

beforeEach(() => {
  prefix = testPrefix()
  redis = new Redis(redisUrl(), { maxRetriesPerRequest: null })
})

afterEach(async () => {
  redis.disconnect()
  await removeKeys(prefix)
  await expectNoKeys(prefix)
})

/** With a child run, a wait, and something to tidy up. */
const family = compileYaml(
  'name: family\nsteps:\n' +
    '  - {id: a, type: function, handler: echo, input: {text: 1}}\n' +
    '  - {id: sub, type: subworkflow, depends_on: [a], workflow_inline: {name: c, steps: [{id: k, type: function, handler: echo, input: {text: 2}}]}}\n' +
    '  - {id: rest, type: sleep, seconds: 0.05, depends_on: [a]}\n' +
    'finally:\n  - {id: tidy, type: function, handler: echo, input: {text: 3}}\n',
).plan

test('runs of several shards end, and no key of a run lies outside its shard (I9)', async () => {
  await using client = await createClient({ redis: redisUrl(), prefix, shards: SHARDS })
  await using worker = (await startTestWorker({ prefix, shards: SHARDS, functions: [echo] })).runtime
  const runIds = Array.from({ length: 24 }, (_, n) => `run-${n}`)
  for (const [n, runId] of runIds.entries())
    await client.start([chainOf(3), fanOf(4), family][n % 3] ?? chainOf(1), { runId })
  const ends = await Promise.all(runIds.map((runId) => client.waitForEnd(runId)))
  expect(ends.map(({ status }) => status)).toEqual(runIds.map(() => 'success'))
  expect((await client.list({ limit: 100 })).map(({ runId }) => runId).toSorted()).toEqual(runIds.toSorted())
  await worker.close()
  expect(new Set(runIds.map((runId) => shardOf(runId, SHARDS))).size).toBe(SHARDS)
  expect(await straysOf(redis, prefix)).toEqual([])
})

/** Names of keys, members and jobs that speak of a run of another shard. */
async function straysOf(redis: Redis, prefix: string): Promise<readonly string[]> {
  const strays: string[] = []
  for (let shard = 0; shard < SHARDS; shard += 1) {
    const { root } = keysOf(prefix, shard)
    const check = (place: string, runId: string): void => {
      if (shardOf(runId, SHARDS) !== shard) strays.push(`${place} ${runId}`)
    }
    for (const key of await redis.keys(`${root}*`)) {
      const name = key.slice(root.length)
      const own = /^(?:run|steps|out|log|queue|tree):(.*)$/s.exec(name)?.[1]
      if (own !== undefined) check(name, own)
      if (/^(due|unsaved|ix:.*|cx:.*)$/.test(name))
        for (const member of await redis.zrange(key, 0, '-1')) check(name, member.split('/', 1)[0] ?? '')
      const job = /^agentloom-steps:[^:]*@([^:]*)@/.exec(name)?.[1]
      if (job !== undefined) check(name, job)
    }
  }
  const fleet = fleetKeysOf(prefix)
  const others = await redis.keys(`*${prefix}*`)
  const known = Array.from({ length: SHARDS }, (_, shard) => keysOf(prefix, shard).root)
  const outside = others.filter((key) => !known.some((root) => key.startsWith(root)))
  return [...strays, ...outside.filter((key) => key !== fleet.shards && !fleet.workers.includes(key))]
}

test('the number of shards is fixed by the first start, read by who names none, and refused where another is named', async () => {
  await using early = await createClient({ redis: redisUrl(), prefix })
  expect(await redis.get(fleetKeysOf(prefix).shards)).toBeNull() // looking fixes nothing
  await using _worker = (await startTestWorker({ prefix, shards: SHARDS, functions: [echo] })).runtime
  await using client = await createClient({ redis: redisUrl(), prefix })
  await client.start(chainOf(1), { runId: 'run-1' })
  expect(await redis.exists(keysOf(prefix, shardOf('run-1', SHARDS)).run('run-1')[0])).toBe(1)
  const refused = { code: 'config/shards', help: expect.stringContaining('AGENTLOOM_SHARDS=4') }
  await expect(createClient({ redis: redisUrl(), prefix, shards: 2 })).rejects.toMatchObject(refused)
  await expect(startTestWorker({ prefix, shards: 2 })).rejects.toMatchObject(refused)
  await expect(early.start(chainOf(1), { runId: 'run-2' })).rejects.toMatchObject({
    code: 'config/shards',
    help: 'connect again', // it has taken 1 for granted
  })
  await expect(startTestWorker({ prefix, onlyShards: [0, 4] })).rejects.toMatchObject({ code: 'config/shards' })
  expect((await client.waitForEnd('run-1')).status).toBe('success')
})

test('a worker of some shards leaves the steps of the others alone', async () => {
  await using client = await createClient({ redis: redisUrl(), prefix, shards: 2 })
  const [zero, one] = [0, 1].map((shard) => ['run-a', 'run-b', 'run-c', 'run-d'].find((id) => shardOf(id, 2) === shard))
  await using _first = (await startTestWorker({ prefix, onlyShards: [0], functions: [echo], shards: 2 })).runtime
  await client.start(chainOf(2), { runId: zero ?? '' })
  await client.start(chainOf(2), { runId: one ?? '' })
  expect((await client.waitForEnd(zero ?? '')).status).toBe('success')
  expect((await client.header(one ?? ''))?.status).toBe('queued')
  await using _second = (await startTestWorker({ prefix, onlyShards: [1], functions: [echo] })).runtime
  expect((await client.waitForEnd(one ?? '')).status).toBe('success')
})

test('a compactor sees to all shards', async () => {
  await using client = await createClient({ redis: redisUrl(), prefix, shards: SHARDS })
  await using _worker = (await startTestWorker({ prefix, functions: [echo], shards: SHARDS })).runtime
  const runIds = Array.from({ length: 12 }, (_, n) => `run-${n}`)
  for (const runId of runIds) await client.start(chainOf(1), { runId })
  await Promise.all(runIds.map((runId) => client.waitForEnd(runId)))
  const compaction = await openCompaction({ redis: redisUrl(), prefix })
  const unsaved = await compaction.unsaved(100)
  expect(unsaved.map(({ runId }) => runId).toSorted()).toEqual(runIds.toSorted())
  const times = unsaved.map(({ since }) => Number(since))
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  await compaction.done(unsaved)
  expect(await compaction.unsaved(100)).toEqual([])
  compaction.close()
})

test('a Redis that lost its data is told the number again', { timeout: 20_000 }, async () => {
  await using server = await startRedis()
  await using _worker = (await startTestWorker({ redis: server.url, prefix, functions: [echo], shards: SHARDS }))
    .runtime
  const own = new Redis(server.url)
  await own.flushall()
  await expect.poll(() => own.get(fleetKeysOf(prefix).shards), { timeout: 10_000 }).toBe('4')
  own.disconnect()
})
