import type { KeptRun } from '@agentloom/engine'
import { MemorySpool } from '@agentloom/engine/testing'
import { expectNoKeys, redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClient } from '../client/client.ts'
import { chainOf, echo, planOf } from '../testing/plans.fixture.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
import type { CheckpointSource } from './checkpoints.ts'
import { recoverRuns } from './recover-by-hand.ts'

let prefix: string

beforeEach(() => {
  prefix = testPrefix()
})

afterEach(async () => {
  await removeKeys(prefix)
  await expectNoKeys(prefix)
})

test('a Redis without its data is filled up from a spool, once; before that it is said what would be done', async () => {
  const spool = new MemorySpool()
  const { runtime } = await startTestWorker({ prefix, functions: [echo], spool: { spool } })
  await using client = await createClient({ redis: redisUrl(), prefix })
  for (const runId of ['a', 'b']) await client.start(chainOf(3), { runId })
  for (const runId of ['a', 'b']) await client.waitForEnd(runId)
  await runtime.close()
  await removeKeys(prefix)

  const options = { redis: redisUrl(), prefix, spools: [spool] }
  const all = expect.arrayContaining([
    { runId: 'a', outcome: 'restored', addedCount: 8, lost: [], waiting: [] },
    { runId: 'b', outcome: 'restored', addedCount: 8, lost: [], waiting: [] },
  ])
  expect(await recoverRuns({ ...options, isDry: true })).toEqual(all)
  expect(await client.header('a')).toBeNull()
  expect(await recoverRuns({ ...options, isDry: false })).toEqual(all)
  expect(await client.view('a')).toMatchObject({
    status: 'success',
    steps: [{ output: 'v0' }, { output: 'v1' }, { output: 'v2' }],
  })
  expect(await recoverRuns({ ...options, isDry: false })).toEqual([
    { runId: 'a', outcome: 'known' },
    { runId: 'b', outcome: 'known' },
  ])
})

function sourceOf(run: KeptRun): CheckpointSource {
  return { list: async () => ({ headers: [run.header], bad: [] }), read: async () => run }
}

test('a run that was cancelled, saved and lost is not brought to life by what a spool knows of it', async () => {
  const spool = new MemorySpool()
  const { runtime } = await startTestWorker({ prefix, functions: [echo], spool: { spool } })
  await using client = await createClient({ redis: redisUrl(), prefix })
  await client.start(
    planOf(
      '  - {id: a, type: function, handler: echo, input: {text: hi}}\n  - {id: ok, type: approval_gate, depends_on: [a], prompt: go?}',
    ),
    { runId: 'a' },
  )
  await client.waitForRest('a')
  await client.cancel('a', 'no')
  const saved = await client.kept('a')
  await runtime.close()
  await removeKeys(prefix)

  const options = { redis: redisUrl(), prefix, spools: [spool], isDry: false }
  const recovered = await recoverRuns({ ...options, checkpoints: [sourceOf(saved!)] })
  expect(recovered).toMatchObject([{ runId: 'a', outcome: 'restored', addedCount: saved!.records.length }])
  expect((await client.load('a'))?.records).toEqual(saved!.records)
  expect(await client.header('a')).toMatchObject({ status: 'cancelled' })
})

test('what a checkpoint and a spool know of a lost run comes together', async () => {
  const spool = new MemorySpool()
  const { runtime } = await startTestWorker({ prefix, functions: [echo], spool: { spool } })
  await using client = await createClient({ redis: redisUrl(), prefix })
  await client.start(chainOf(3), { runId: 'a' })
  await client.waitForEnd('a')
  const saved = await client.kept('a')
  await runtime.close()
  await removeKeys(prefix)

  const half = {
    ...saved!,
    header: { ...saved!.header, status: 'running' as const },
    records: saved!.records.slice(0, 3),
  }
  const checkpoints = [sourceOf(half)]
  const options = { redis: redisUrl(), prefix, spools: [spool], checkpoints }
  const added = [{ runId: 'a', outcome: 'restored', addedCount: 8, lost: [], waiting: [] }]
  expect(await recoverRuns({ ...options, isDry: true })).toEqual(added)
  expect(await recoverRuns({ ...options, isDry: false })).toEqual(added)
  expect((await client.kept('a'))?.records.length).toBe(saved?.records.length)
  expect(await recoverRuns({ ...options, isDry: false })).toEqual([{ runId: 'a', outcome: 'known' }])
})
