import type { KeptRun } from '@agentloom/engine'
import { MemorySpool } from '@agentloom/engine/testing'
import { startRedis, type RedisHandle } from '@agentloom/testing'
import { defineFunction } from '@agentloom/workflow'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createClient, type Client } from '../client/client.ts'
import { chainOf } from '../testing/plans.fixture.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
import type { CheckpointSource } from './checkpoints.ts'
import { recoverRuns } from './recover-by-hand.ts'

let server: RedisHandle
let client: Client

beforeEach(async () => {
  server = await startRedis()
  client = await createClient({ redis: server.url })
})

afterEach(async () => {
  await client.close()
  await server.stop()
})

async function flush(): Promise<void> {
  const redis = new Redis(server.url)
  await redis.flushall()
  redis.disconnect()
}

async function kept(runId: string): Promise<KeptRun> {
  const run = await client.kept(runId)
  if (run === null) throw new Error(`no run ${runId}`)
  return run
}

/** As its checkpoint was when the run had got so far. */
function early(run: KeptRun, recordCount: number): KeptRun {
  return { ...run, header: { ...run.header, status: 'running' }, records: run.records.slice(0, recordCount) }
}

function source(...runs: readonly KeptRun[]): CheckpointSource {
  return {
    list: async () => ({ headers: runs.map(({ header }) => header), bad: [] }),
    read: async (runId) => runs.find(({ header }) => header.runId === runId) ?? null,
  }
}

const executed: string[] = []
const echo = defineFunction({
  name: 'echo',
  input: z.looseObject({}),
  run: async (_input, { runId, stepId }) => {
    executed.push(`${runId}/${stepId}`)
    return stepId
  },
})

test('after FLUSHALL ended and paused runs come back from checkpoints, and live ones from those and spools', async () => {
  const spool = new MemorySpool()
  await client.start(chainOf(3), { runId: 'paused' })
  await client.pause('paused', 'wait')
  const { runtime } = await startTestWorker({ redis: server.url, prefix: 'al', functions: [echo], spool: { spool } })
  for (const runId of ['ended', 'old', 'spooled', 'half']) {
    await client.start(chainOf(3), { runId })
    await client.waitForEnd(runId)
  }
  const [ended, paused, old, spooled, half] = await Promise.all(['ended', 'paused', 'old', 'spooled', 'half'].map(kept))
  if (!ended || !paused || !old || !spooled || !half) throw new Error('no runs')
  await runtime.close()
  await spool.drop((await spool.runs()).filter(({ runId }) => runId !== 'spooled'))
  await flush()

  const checkpoints = [
    source(early(ended, 4), early(spooled, 4), early(half, 4)), // of a worker that wrote no more
    source(ended, paused, { ...old, header: { ...old.header, updatedAtMs: 1 } }), // ended long ago: it had left Redis
  ]
  const options = { redis: server.url, spools: [spool], checkpoints }
  const all = [
    { runId: 'ended', outcome: 'restored', addedCount: 8, lost: [], waiting: [] },
    { runId: 'half', outcome: 'restored', addedCount: 4, lost: [], waiting: [] },
    { runId: 'paused', outcome: 'restored', addedCount: 2, lost: [], waiting: [] },
    { runId: 'spooled', outcome: 'restored', addedCount: 8, lost: [], waiting: [] },
  ]
  expect(await recoverRuns({ ...options, isDry: true })).toEqual(all)
  expect(await client.header('ended')).toBeNull()
  expect(await recoverRuns({ ...options, isDry: false })).toEqual(all)
  for (const { runId } of all) expect((await client.verify(runId))?.findings, runId).toEqual([])
  expect(await client.header('old')).toBeNull()
  expect(await client.load('ended')).toEqual({ header: ended.header, records: ended.records })
  expect(await client.view('paused')).toMatchObject({ status: 'paused' })
  expect(await client.view('spooled')).toMatchObject({ status: 'success' })

  executed.length = 0
  const again = await startTestWorker({ redis: server.url, prefix: 'al', functions: [echo] })
  await client.resume('paused', { reason: 'go on' })
  expect((await client.result('paused')).status).toBe('success')
  expect((await client.result('half')).status).toBe('success')
  await again.runtime.close()
  expect(executed.filter((step) => step.startsWith('half/'))).toEqual(['half/s1', 'half/s2'])
  expect(await recoverRuns({ ...options, isDry: false })).toEqual([{ runId: 'spooled', outcome: 'known' }])
})

test('a run that has begun again without what its checkpoint knows is left alone, and named', async () => {
  const { runtime } = await startTestWorker({ redis: server.url, prefix: 'al', functions: [echo] })
  await client.start(chainOf(3), { runId: 'run' })
  await client.waitForEnd('run')
  const run = await kept('run')
  await runtime.close()
  await client.erase('run')
  await client.start(chainOf(3), { runId: 'run' })
  expect(await recoverRuns({ redis: server.url, spools: [], checkpoints: [source(run)], isDry: false })).toMatchObject([
    { runId: 'run', outcome: 'failed', error: { code: 'recover/stale-checkpoint' } },
  ])
  expect((await client.load('run'))?.records).toHaveLength(1)
})
