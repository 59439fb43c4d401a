import { readTree, type KeptRun } from '@agentloom/engine'
import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { compileYaml, defineFunction, type Plan } from '@agentloom/workflow'
import { Redis } from 'ioredis'
import { afterAll, afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createClient, type Client } from '../client/client.ts'
import { openCompaction, type Compaction } from '../compact/compaction.ts'
import { keysOf } from '../keys.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'

const prefix = testPrefix()
const keys = keysOf(prefix)
const redis = new Redis(redisUrl())
afterEach(() => removeKeys(prefix))
afterAll(() => redis.quit())

const say = defineFunction({ name: 'say', input: z.object({}), run: () => 'y'.repeat(50_000) })
const GATED = `
name: gated
steps:
  - {id: say, type: function, handler: say, output: said}
  - {id: gate, type: approval_gate, depends_on: [say]}
  - {id: again, type: function, handler: say, depends_on: [gate], output: again}
`
const { plan: gated } = compileYaml(GATED)
const { plan: nested } = compileYaml(`
name: nested
steps:
  - id: sub
    type: subworkflow
    workflow_inline:
      name: inner
      steps:
        - {id: gate, type: approval_gate}
`)
const { plan: timed } = compileYaml(
  'name: timed\nsteps:\n  - {id: gate, type: approval_gate, timeout_seconds: 3600, on_timeout: approve}\n',
)

/** Checkpoints in memory. */
class Checkpoints {
  readonly runs = new Map<string, KeptRun>()
  async read(runId: string): Promise<KeptRun | null> {
    return this.runs.get(runId) ?? null
  }
}

async function toItsGate(client: Client, plan: Plan, runId: string): Promise<void> {
  await using _worker = (await startTestWorker({ prefix, functions: [say] })).runtime
  await client.start(plan, { runId, input: {} })
  await client.waitForRest(runId)
}

async function keptTree(compaction: Compaction, store: Checkpoints, runId: string): Promise<readonly KeptRun[]> {
  const read = async (id: string) => {
    const loaded = await compaction.load(id)
    return loaded === null
      ? null
      : { ...loaded, definitionText: (await compaction.definition(loaded.header.definition)) ?? '' }
  }
  const tree = await readTree(read, runId)
  for (const run of tree) store.runs.set(run.header.runId, run)
  return tree
}

const place = () => ({ home: 'here', sinceMs: Date.now() + 60_000 })

test.each([
  ['gated', gated],
  ['nested', nested],
])('a %s run that waits leaves Redis, is listed, and comes back for a decision', async (_, plan) => {
  const store = new Checkpoints()
  await using client = await createClient({ redis: redisUrl(), prefix, checkpoints: store })
  await toItsGate(client, plan, 'run')
  const before = await client.view('run')
  const compaction = await openCompaction({ redis: redisUrl(), prefix })
  expect(await compaction.resting(10, place().sinceMs)).toEqual(['run'])
  expect(await compaction.resting(10, 0)).toEqual([])
  expect(await compaction.leave(await keptTree(compaction, store, 'run'), place())).toBe(true)
  const left = (await redis.keys(`${keys.root}*`)).filter((key) => /:(run|steps|out|log|tree|blobs):/.test(key))
  expect(left).toEqual([])
  expect(await redis.zcard(keys.due)).toBe(0)
  expect(await client.list({ limit: 10 })).toMatchObject([{ runId: 'run', status: 'paused', workflow: plan.name }])
  expect(await client.list({ limit: 10, statuses: ['success'] })).toEqual([])

  await using _worker = (await startTestWorker({ prefix, functions: [say] })).runtime
  expect(await client.start(plan, { runId: 'run', input: {} })).toEqual({ outcome: 'exists' })
  expect(await client.view('run')).toEqual(before)
  expect(await redis.exists(keys.away, keys.awayIndex, keys.wanted)).toBe(0)
  expect(await compaction.leave(await keptTree(compaction, store, 'run'), place())).toBe(false) // it has just come back
  expect(await client.decide('run', { path: null, decision: 'approved' })).toMatchObject({ outcome: 'decided' })
  const view = await client.result('run')
  expect(view.status).toBe('success')
  expect(view.steps.every(({ attempts }) => attempts === 1)).toBe(true)
  compaction.close()
})

test('a client without checkpoints asks, and whoever has them brings the run back', async () => {
  const store = new Checkpoints()
  await using client = await createClient({ redis: redisUrl(), prefix })
  await toItsGate(client, gated, 'run')
  const compaction = await openCompaction({ redis: redisUrl(), prefix })
  await compaction.leave(await keptTree(compaction, store, 'run'), place())
  const deciding = client.decide('run', { path: 'gate', decision: 'approved' })
  while ((await compaction.bringWanted(store)) === 0);
  expect(await deciding).toMatchObject({ outcome: 'decided' })
  expect(await compaction.bringWanted(store)).toBe(0)
  compaction.close()
})

test('what somebody has written to since, or what has a time of its own, stays', async () => {
  const store = new Checkpoints()
  await using client = await createClient({ redis: redisUrl(), prefix })
  await toItsGate(client, gated, 'run')
  await toItsGate(client, timed, 'timed')
  const compaction = await openCompaction({ redis: redisUrl(), prefix })
  const tree = await keptTree(compaction, store, 'run')
  expect(await compaction.leave(tree, { home: 'here', sinceMs: 0 })).toBe(false)
  await client.signal('run', 'news', 1)
  expect(await compaction.leave(tree, place())).toBe(false)
  expect(await client.header('run')).toMatchObject({ status: 'paused' })
  expect(await compaction.leave(await keptTree(compaction, store, 'timed'), place())).toBe(false)
  compaction.close()
})

test('an old checkpoint does not come back in the place of a newer one, and a removed run not at all', async () => {
  const store = new Checkpoints()
  await using client = await createClient({ redis: redisUrl(), prefix, checkpoints: store })
  await toItsGate(client, gated, 'run')
  const compaction = await openCompaction({ redis: redisUrl(), prefix })
  const [run] = await keptTree(compaction, store, 'run')
  await compaction.leave([run!], place())
  store.runs.set('run', { ...run!, records: run!.records.slice(0, 2) })
  expect(await compaction.bringWanted(store)).toBe(0)
  await client.erase('run')
  expect(await client.header('run')).toBeNull()
  expect(await redis.exists(keys.away)).toBe(0)
  compaction.close()
})

test('a list of some of them finds those that lie behind others', async () => {
  const store = new Checkpoints()
  await using client = await createClient({ redis: redisUrl(), prefix })
  const compaction = await openCompaction({ redis: redisUrl(), prefix })
  for (const [runId, plan] of [
    ['older', gated],
    ['newer', nested],
  ] as const) {
    await toItsGate(client, plan, runId)
    expect(await compaction.leave(await keptTree(compaction, store, runId), place())).toBe(true)
  }
  expect(await client.list({ limit: 1, workflow: 'gated' })).toMatchObject([{ runId: 'older' }])
  expect(await client.list({ limit: 1 })).toMatchObject([{ runId: 'newer' }])
  compaction.close()
})
