import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { compileYaml, defineFunction } from '@agentloom/workflow'
import { Redis } from 'ioredis'
import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { createClient } from '../client/client.ts'
import { keysOf } from '../keys.ts'
import { shardOf } from '../shards/shard-of.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
import { openCompaction } from './compaction.ts'

const prefix = testPrefix()
afterEach(() => removeKeys(prefix))

const greet = defineFunction({ name: 'greet', input: z.object({}), run: () => 'hello' })
const { plan } = compileYaml('name: greeting\nsteps:\n  - {id: greet, type: function, handler: greet}\n')

test('one compactor at a time holds the lease, and the next one gets it when it is given back', async () => {
  const compaction = await openCompaction({ redis: redisUrl(), prefix })
  expect(await compaction.lease('first', 60_000)).toBe(true)
  expect(await compaction.lease('second', 60_000)).toBe(false)
  expect(await compaction.lease('first', 60_000)).toBe(true)
  await compaction.release('second')
  expect(await compaction.lease('second', 60_000)).toBe(false)
  await compaction.release('first')
  expect(await compaction.lease('second', 60_000)).toBe(true)
  compaction.close()
})

test('an ended run is listed until it has its checkpoint; one that ended again since stays', async () => {
  const { runtime } = await startTestWorker({ prefix, functions: [greet] })
  const client = await createClient({ redis: redisUrl(), prefix })
  const compaction = await openCompaction({ redis: redisUrl(), prefix })
  await client.start(plan, { runId: 'run1' })
  await client.waitForEnd('run1')
  const [run] = await compaction.unsaved(10)
  expect(run).toMatchObject({ runId: 'run1' })
  await compaction.done([{ runId: 'run1', since: '1' }])
  expect(await compaction.unsaved(10)).toEqual([run])
  await compaction.done([run!])
  expect(await compaction.unsaved(10)).toEqual([])
  await client.cancel('run1', 'too late')
  expect(await compaction.unsaved(10)).toEqual([])
  expect((await compaction.load('run1'))?.records.map(({ kind }) => kind)).toEqual([
    'started',
    'claimed',
    'committed',
    'ended',
  ])
  compaction.close()
  await client.close()
  await runtime.close()
})

test('a run that is postponed is listed behind the others, and one that was forgotten is not listed again', async () => {
  const client = await createClient({ redis: redisUrl(), prefix })
  const compaction = await openCompaction({ redis: redisUrl(), prefix })
  for (const runId of ['first', 'second']) {
    await client.start(plan, { runId })
    await client.pause(runId, 'for the night')
  }
  const listed = await compaction.unsaved(10)
  const [first, second] = listed
  expect(listed.map(({ runId }) => runId)).toEqual(['first', 'second'])
  await compaction.done([second!])
  await client.start(plan, { runId: 'third' })
  await client.pause('third', 'for the night')
  await expect
    .poll(async () => {
      await compaction.postpone([first!, second!])
      return (await compaction.unsaved(10)).map(({ runId }) => runId)
    })
    .toEqual(['third', 'first'])
  compaction.close()
  await client.close()
})

test('a paused run is listed, too, and is no run at work', async () => {
  const client = await createClient({ redis: redisUrl(), prefix })
  const compaction = await openCompaction({ redis: redisUrl(), prefix })
  await client.start(plan, { runId: 'paused1' })
  await client.pause('paused1', 'for the night')
  expect(await compaction.unsaved(10)).toMatchObject([{ runId: 'paused1' }])
  expect(await compaction.live(10)).toEqual([])
  compaction.close()
  await client.close()
})

test('runs at work are told with the longest first, and one that cannot be read holds up nobody', async () => {
  const { promise: finished, resolve: finish } = Promise.withResolvers<string>()
  const wait = defineFunction({ name: 'greet', input: z.object({}), run: () => finished })
  const { runtime } = await startTestWorker({ prefix, functions: [wait] })
  const client = await createClient({ redis: redisUrl(), prefix })
  const compaction = await openCompaction({ redis: redisUrl(), prefix })
  const redis = new Redis(redisUrl())
  for (const runId of ['run1', 'run2', 'run3']) await client.start(plan, { runId })
  await expect.poll(async () => (await compaction.live(10)).length).toBe(3)
  await redis.hset(keysOf(prefix).run('run2')[0], 'format', 'nonsense')
  const live = await compaction.live(10)
  expect(live.map(({ runId }) => runId)).toEqual(['run1', 'run2', 'run3'])
  expect(live.map(({ updatedAtMs }) => updatedAtMs > 0)).toEqual([true, false, true])
  finish('done')
  redis.disconnect()
  compaction.close()
  await client.close()
  await runtime.close()
})

test('of several shards the oldest runs at rest come first, wherever they lie, and then the next ones', async () => {
  await using client = await createClient({ redis: redisUrl(), prefix, shards: 2 })
  const runIn = (shard: number): string =>
    ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].find((runId) => shardOf(runId, 2) === shard) ?? ''
  for (const runId of [runIn(1), runIn(0)]) {
    await client.start(plan, { runId })
    await client.pause(runId, 'for now')
    const createdAtMs = (await client.header(runId))?.createdAtMs ?? 0
    await vi.waitUntil(() => Date.now() > createdAtMs, { interval: 1 }) // the other one is younger
  }
  const compaction = await openCompaction({ redis: redisUrl(), prefix })
  const restingOf = (limit: number) => compaction.resting(limit, Date.now() + 60_000)
  expect([await restingOf(1), await restingOf(1), await restingOf(1)]).toEqual([[runIn(1)], [runIn(0)], []])
  expect(await restingOf(3)).toEqual([runIn(1), runIn(0)])
  compaction.close()
})
