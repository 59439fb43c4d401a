import { MemorySpool } from '@agentloom/engine/testing'
import { expectNoKeys, redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClient } from '../client/client.ts'
import { chainOf, echo } from '../testing/plans.fixture.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
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
