import { open, readdir, stat } from 'node:fs/promises'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemorySpool } from '@agentloom/engine/testing'
import { startRedis, type RedisHandle } from '@agentloom/testing'
import { defineFunction } from '@agentloom/workflow'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createClient } from '../client/client.ts'
import { planOf } from '../testing/plans.fixture.ts'
import { executorsOf } from '../testing/test-worker.fixture.ts'
import type { WorkerEvent } from '../worker/events.ts'
import { startWorkerRuntime, type WorkerRuntime } from '../worker/runtime.ts'

// A loss of Redis data under runs at work: what was committed does not run again, and every run that a spool knew ends.

const RUNS = 150

let folder: string
let server: RedisHandle

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'loss-'))
  server = await startRedis({ isLocal: true, appendonly: true, appendfsync: 'everysec', dir: folder })
})

afterEach(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const BEFORE = ['[]', '[s0]', '[s0]', '[s1, s2]', '[s3]', '[s4]']

const plan = planOf(
  BEFORE.map((before, at) => `  - {id: s${at}, type: function, handler: work, input: {}, depends_on: ${before}}`).join(
    '\n',
  ),
)

/** Two workers with a spool each, and what they and their steps have seen. */
class Fleet {
  readonly spools = [new MemorySpool(), new MemorySpool()]
  readonly committed = new Set<string>()
  readonly again: string[] = []
  readonly ended = new Set<string>()
  readonly told: WorkerEvent[] = []
  readonly workers: WorkerRuntime[] = []
  commits = 0
  onCommit: (count: number) => void = () => undefined
  onEnd: () => void = () => undefined

  readonly work = defineFunction({
    name: 'work',
    input: z.looseObject({}),
    run: async (_input, { runId, stepId }) => {
      if (this.committed.has(`${runId}/${stepId}`)) this.again.push(`${runId}/${stepId}`)
      await new Promise<void>((done) => setImmediate(done))
      return stepId
    },
  })

  async start(index: number): Promise<WorkerRuntime> {
    const spool = this.spools[index]
    const worker = await startWorkerRuntime({
      redis: server.url,
      prefix: 'loss',
      worker: `w${index}`,
      concurrency: 16,
      executors: executorsOf([this.work], (event) => {
        if (event.kind === 'step-committed') {
          this.committed.add(`${event.runId}/${event.stepId}`)
          this.onCommit((this.commits += 1))
        }
        if (event.kind !== 'run-ended') return
        this.ended.add(event.runId)
        this.onEnd()
      }),
      onEvent: (event) => void this.told.push(event),
      ...(spool === undefined ? {} : { spool: { spool } }),
    })
    this.workers.push(worker)
    return worker
  }

  async committedSome(count: number): Promise<void> {
    if (this.commits < count) await new Promise<void>((done) => (this.onCommit = (now) => now >= count && done()))
  }

  /** Every run that a spool knows of. */
  async allEnded(): Promise<number> {
    const known = new Set(
      (await Promise.all(this.spools.map((spool) => spool.runs()))).flat().map(({ runId }) => runId),
    )
    const areAll = (): boolean => [...known].every((runId) => this.ended.has(runId))
    if (!areAll()) await new Promise<void>((done) => (this.onEnd = () => areAll() && done()))
    return known.size
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close({ graceMs: 1_000 })))
  }
}

async function started(): Promise<Fleet> {
  const fleet = new Fleet()
  await using client = await createClient({ redis: server.url, prefix: 'loss' })
  await fleet.start(0)
  await fleet.start(1)
  await Promise.all(Array.from({ length: RUNS }, (_, at) => client.start(plan, { runId: `run${at}` })))
  return fleet
}

function summaryOf(told: readonly WorkerEvent[]) {
  const recovered = told.filter((event) => event.kind === 'recovered')
  return {
    lost: recovered.flatMap(({ lost }) => lost),
    problems: recovered.flatMap(({ problems }) => problems),
    isLossTold: told.some(({ kind }) => kind === 'data-lost'),
  }
}

test('FLUSHALL under 150 runs: no committed step runs again, every run that a spool knew ends', async () => {
  const fleet = await started()
  await fleet.committedSome(RUNS)
  const redis = new Redis(server.url)
  await redis.flushall()
  redis.disconnect()
  expect(await fleet.allEnded()).toBeGreaterThan(RUNS / 4)
  expect(fleet.again).toEqual([])
  expect(summaryOf(fleet.told)).toEqual({ lost: [], problems: [], isLossTold: true })
  await fleet.close()
}, 60_000)

test('a Redis that comes back with an older prefix of its data is filled up', async () => {
  const fleet = await started()
  await fleet.committedSome(RUNS * 2)
  await server.kill9()
  await cutLog(0.5)
  await server.restart()
  expect(await fleet.allEnded()).toBeGreaterThan(RUNS / 4)
  expect(fleet.again).toEqual([])
  expect(summaryOf(fleet.told)).toEqual({ lost: [], problems: [], isLossTold: true })
  await fleet.close()
}, 60_000)

test('a worker that was away during a loss tells what it knows when it comes back', async () => {
  const fleet = new Fleet()
  await using client = await createClient({ redis: server.url, prefix: 'loss' })
  const first = await fleet.start(0)
  await client.start(plan, { runId: 'run' })
  await fleet.committedSome(2)
  await first.close({ graceMs: 0 })
  const redis = new Redis(server.url)
  await redis.flushall()
  redis.disconnect()
  await fleet.start(1)
  await client.start(plan, { runId: 'other' }) // the others went on
  await fleet.start(0)
  for (const runId of ['run', 'other']) expect(await client.result(runId)).toMatchObject({ status: 'success' })
  expect(fleet.again).toEqual([])
  await fleet.close()
}, 60_000)

test('also in a full Redis workers tell what they know, and the gate is opened', async () => {
  const fleet = await started()
  await fleet.committedSome(RUNS)
  await server.kill9()
  await server.restart()
  const redis = new Redis(server.url)
  await redis.config('SET', 'maxmemory', '1')
  await expect.poll(() => fleet.told.filter(({ kind }) => kind === 'recovered').length, { timeout: 30_000 }).toBe(2)
  await redis.config('SET', 'maxmemory', '0')
  redis.disconnect()
  await fleet.allEnded()
  expect(fleet.again).toEqual([])
  await fleet.close()
}, 60_000)

/** As after a power loss: only a part of the append-only file has reached the disk. */
async function cutLog(part: number): Promise<void> {
  const logs = join(folder, 'appendonlydir')
  const name = (await readdir(logs)).find((file) => file.endsWith('.incr.aof'))
  if (name === undefined) throw new Error('no append-only file')
  const { size } = await stat(join(logs, name))
  await using file = await open(join(logs, name), 'r+')
  await file.truncate(Math.floor(size * part))
}
