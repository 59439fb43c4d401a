import { journalConformance } from '@agentloom/engine/testing'
import { startRedisCluster, testPrefix, type ClusterHandle } from '@agentloom/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from '../client/client.ts'
import { keysOf } from '../keys.ts'
import { shardOf } from '../shards/shard-of.ts'
import { openShardedTestJournal } from '../testing/open-journal.fixture.ts'
import { chainOf, echo, fanOf, planOf } from '../testing/plans.fixture.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
import { connect, type Connection } from './connect.ts'

// A real Cluster: three primaries on loopback.

let cluster: ClusterHandle

beforeAll(async () => {
  cluster = await startRedisCluster()
}, 30_000)

afterAll(() => cluster.stop())

describe('the journal in a Cluster', () => {
  let connection: Connection

  beforeAll(async () => {
    connection = await connect({ redis: cluster.url })
  })

  afterAll(() => connection.redis.disconnect())

  for (const { name, run } of journalConformance) {
    test(name, async () => {
      const opened = await openShardedTestJournal({ shards: 1, redis: connection.redis })
      await expect(run(opened)).resolves.toBeUndefined()
      await opened.close()
    })
  }
})

const SHARDS = 8

test('a Cluster is told from a single server, both ways', async () => {
  const [node] = cluster.nodes
  await expect(connect({ redis: node?.url ?? '' })).rejects.toMatchObject({
    code: 'redis/config',
    help: expect.stringContaining('redis+cluster://'),
  })
})

test('runs of all shards end, over all nodes, and whoever waits is woken', { timeout: 30_000 }, async () => {
  const prefix = testPrefix()
  await using client = await createClient({ redis: cluster.url, prefix, shards: SHARDS })
  await using _worker = (await startTestWorker({ redis: cluster.url, prefix, functions: [echo], shards: SHARDS }))
    .runtime
  const family = planOf(
    '  - {id: a, type: function, handler: echo, input: {text: 1}}\n' +
      '  - {id: sub, type: subworkflow, depends_on: [a], workflow_inline: {name: c, steps: [{id: k, type: function, handler: echo, input: {text: 2}}]}}',
  )
  const plans = [chainOf(5), fanOf(6), family]
  const runIds = Array.from({ length: 40 }, (_, n) => `run-${n}`)
  for (const [n, runId] of runIds.entries()) await client.start(plans[n % 3] ?? family, { runId })
  const ends = await Promise.all(runIds.map((runId) => client.waitForEnd(runId)))
  expect(ends.map(({ status }) => status)).toEqual(runIds.map(() => 'success'))
  expect(new Set(runIds.map((runId) => shardOf(runId, SHARDS))).size).toBe(SHARDS)
  expect(await client.list({ limit: 100 })).toHaveLength(40)
  expect((await client.standing()).runs.success).toBe(40)
})

test(
  'runs go on while a node is killed and comes back, and those of the other nodes do not wait for it',
  { timeout: 60_000 },
  async () => {
    const prefix = testPrefix()
    await using client = await createClient({ redis: cluster.url, prefix, shards: SHARDS })
    await using _worker = (await startTestWorker({ redis: cluster.url, prefix, functions: [echo], shards: SHARDS }))
      .runtime
    const runIds = Array.from({ length: 60 }, (_, n) => `run-${n}`)
    const ended = runIds.map(async (runId) => {
      await client.start(chainOf(20), { runId })
      return client.waitForEnd(runId)
    })
    const [node] = cluster.nodes
    await ended[0]
    await node?.kill9()
    await node?.restart()
    expect((await Promise.all(ended)).map(({ status }) => status)).toEqual(runIds.map(() => 'success'))
  },
)

test('runs go on while their slots move to another node, and back', { timeout: 60_000 }, async () => {
  const prefix = testPrefix()
  await using client = await createClient({ redis: cluster.url, prefix, shards: SHARDS })
  await using _worker = (await startTestWorker({ redis: cluster.url, prefix, functions: [echo], shards: SHARDS }))
    .runtime
  let isMoved = false
  const load = async (lane: number): Promise<number> => {
    let count = 0
    while (!isMoved) {
      const runId = `run-${lane}-${(count += 1)}`
      await client.start(chainOf(5), { runId })
      expect((await client.waitForEnd(runId)).status).toBe('success')
    }
    return count
  }
  const lanes = Array.from({ length: 8 }, (_, lane) => load(lane))
  const moved: boolean[] = []
  for (const to of [0, 1])
    for (let shard = 0; shard < SHARDS; shard += 1) moved.push(await cluster.moveSlot(keysOf(prefix, shard).due, to))
  expect(moved).toContain(true)
  isMoved = true
  for (const count of await Promise.all(lanes)) expect(count).toBeGreaterThan(0)
})
