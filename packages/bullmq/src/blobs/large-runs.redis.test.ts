import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { compileYaml, defineFunction } from '@agentloom/workflow'
import { Redis } from 'ioredis'
import { afterAll, afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createClient } from '../client/client.ts'
import { openCompaction } from '../compact/compaction.ts'
import { keysOf } from '../keys.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
import { openBlobPlace } from './blob-place.ts'

const prefix = testPrefix()
const keys = keysOf(prefix)
const redis = new Redis(redisUrl())
afterEach(() => removeKeys(prefix))
afterAll(() => redis.quit())

const LENGTH = 100_000
const grow = defineFunction({
  name: 'grow',
  input: z.object({ text: z.string() }),
  run: ({ text }) => `${text}x`,
})
const { plan } = compileYaml(`
name: large
steps:
  - {id: a, type: function, handler: grow, input: {text: '{state.text}'}, output: a}
  - {id: b, type: function, handler: grow, input: {text: '{state.a}'}, output: b, depends_on: [a]}
  - {id: wait, type: wait_for, signal: go, output: given, depends_on: [b]}
  - {id: c, type: function, handler: grow, input: {text: '{state.b}'}, output: c, depends_on: [wait]}
`)

test('a run of large values is as any other, over two workers, and Redis has each value once', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'agentloom-blobs-'))
  for (const place of ['redis', `file:${elsewhere}`]) {
    const blobs = await openBlobPlace(place, {})
    const runId = place === 'redis' ? 'run1' : 'run2'
    await using client = await createClient({ redis: redisUrl(), prefix, blobs })
    await client.start(plan, { runId, input: { text: 'y'.repeat(LENGTH) } })
    {
      await using _first = (await startTestWorker({ prefix, functions: [grow], blobs })).runtime
      for await (const { record } of client.events(runId)) if (record.kind === 'waiting') break
    }
    expect(await client.signal(runId, 'go', 'z'.repeat(LENGTH))).toMatchObject({ outcome: 'kept' })
    await using _second = (await startTestWorker({ prefix, functions: [grow], blobs })).runtime
    const view = await client.result(runId)
    expect(view.status).toBe('success')
    expect(view.state['c']).toBe(`${'y'.repeat(LENGTH)}xxx`)
    expect(view.state['given']).toBe('z'.repeat(LENGTH))

    const [run, steps, out, log] = keys.run(runId)
    for (const key of [run, steps, out, log]) expect(await redis.memory('USAGE', key)).toBeLessThan(10_000)
    const count =
      place === 'redis' ? await redis.hlen(keys.blobsOf(runId)) : readdirSync(join(elsewhere, 'ru', runId)).length
    expect(count).toBe(5) // the input, three outputs, and the signal, which is the output of `wait` as well
  }
  rmSync(elsewhere, { recursive: true })
})

test('after a run is gone its blobs go, and nothing is left of either', async () => {
  await using client = await createClient({ redis: redisUrl(), prefix, retentionMs: 1 })
  await client.start(plan, { runId: 'run1', input: { text: 'y'.repeat(LENGTH) } })
  await client.cancel('run1', 'enough')
  const compaction = await openCompaction({ redis: redisUrl(), prefix })
  const [run] = keys.run('run1')
  while ((await redis.exists(run)) === 1);
  expect(await compaction.collectBlobs()).toBe(0) // within the grace: it could be a run that is about to start
  await redis.zadd(keys.blobs, '1', 'run1')
  expect(await compaction.collectBlobs()).toBe(1)
  expect(await redis.exists(keys.blobs, keys.blobsOf('run1'))).toBe(0)
  compaction.close()
})

test('a run that is taken out whole leaves no key behind, and goes on where it is put back', async () => {
  await using client = await createClient({ redis: redisUrl(), prefix })
  const before = new Set(await redis.keys(`${keys.root}*`))
  await client.start(plan, { runId: 'moved', input: { text: 'y'.repeat(LENGTH) } })
  {
    await using _first = (await startTestWorker({ prefix, functions: [grow] })).runtime
    for await (const { record } of client.events('moved')) if (record.kind === 'waiting') break
  }
  const kept = (await client.kept('moved'))!
  expect(kept.records.some((record) => record.kind === 'committed' && record.output.length > LENGTH)).toBe(true)
  expect(await client.erase('moved')).toBe(true)
  expect(await client.header('moved')).toBeNull()
  const left = (await redis.keys(`${keys.root}*`)).filter((key) => !before.has(key) && !key.includes('agentloom-'))
  expect(left.filter((key) => key.includes('moved') || key === keys.due || key === keys.blobs)).toEqual([])

  expect(await client.restore(kept)).toMatchObject({ outcome: 'restored', status: 'parked' })
  expect(await client.restore(kept)).toMatchObject({ outcome: 'restored' })
  await client.signal('moved', 'go', 'now')
  await using _second = (await startTestWorker({ prefix, functions: [grow] })).runtime
  const view = await client.result('moved')
  expect(view.state).toMatchObject({ c: `${'y'.repeat(LENGTH)}xxx`, given: 'now' })
  expect(view.steps.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1])
  expect(await client.restore(kept)).toMatchObject({ outcome: 'refused' })
})
