import { startRedis, testPrefix, type RedisHandle } from '@agentloom/testing'
import { Redis } from 'ioredis'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createClient } from '../client/client.ts'
import { chainOf, echo } from '../testing/plans.fixture.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'

// A primary, its replica, and one Sentinel that fails over.

let primary: RedisHandle
let replica: RedisHandle
let sentinel: ChildProcess
let folder: string
let url: string

beforeAll(async () => {
  primary = await startRedis({ isLocal: true })
  replica = await startRedis({ isLocal: true, args: ['--replicaof', '127.0.0.1', String(primary.port)] })
  await linked(replica)
  folder = await mkdtemp(join(tmpdir(), 'agentloom-sentinel-'))
  const spare = await startRedis({ isLocal: true }) // a free port
  await spare.stop()
  const file = join(folder, 'sentinel.conf')
  await writeFile(
    file,
    `port ${spare.port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor main 127.0.0.1 ${primary.port} 1\n` +
      'sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n',
  )
  sentinel = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' })
  const admin = new Redis(spare.port, '127.0.0.1', { maxRetriesPerRequest: null })
  admin.on('error', () => undefined)
  await vi.waitUntil(
    async () => String(await admin.call('SENTINEL', 'REPLICAS', 'main')).includes(String(replica.port)),
    {
      timeout: 20_000,
    },
  )
  admin.disconnect()
  url = `redis+sentinel://127.0.0.1:${spare.port}/main`
}, 40_000)

afterAll(async () => {
  const ended = once(sentinel, 'exit')
  sentinel.kill('SIGKILL')
  await ended
  await Promise.all([primary.stop(), replica.stop(), rm(folder, { recursive: true, force: true })])
})

test('runs go on at the replica when the primary is gone', { timeout: 60_000 }, async () => {
  const prefix = testPrefix()
  await using client = await createClient({ redis: url, prefix })
  await using _worker = (await startTestWorker({ redis: url, prefix, functions: [echo] })).runtime
  const runIds = Array.from({ length: 30 }, (_, n) => `run-${n}`)
  for (const runId of runIds) await client.start(chainOf(20), { runId })
  await client.waitForEnd(runIds[0] ?? '')
  const admin = new Redis(primary.url)
  await admin.call('WAIT', 1, 2_000)
  admin.disconnect()
  await primary.kill9()
  for (const runId of ['after-1', 'after-2']) await client.start(chainOf(3), { runId })
  expect((await client.waitForEnd('after-2')).status).toBe('success')
  expect((await client.list({ limit: 100 })).length).toBeGreaterThanOrEqual(30)
})

async function linked(server: RedisHandle): Promise<void> {
  const admin = new Redis(server.url)
  await vi.waitUntil(async () => (await admin.info('replication')).includes('master_link_status:up'), {
    timeout: 20_000,
  })
  admin.disconnect()
}
