import { once } from 'node:events'
import { createServer } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient } from '@agentloom/bullmq/client'
import { CheckpointStore } from '@agentloom/embedded'
import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { compileYaml, type Plan } from '@agentloom/workflow'
import { expect, onTestFinished, test, vi } from 'vitest'
import { runWorker } from './run-worker.ts'
import type { WorkerFlags } from './settings/worker-settings.ts'
import { startWorkerProcess, type WorkerProcess } from './worker-process.fixture.ts'

interface Place {
  readonly folder: string
  readonly prefix: string
  readonly client: Client
  worker(flags?: WorkerFlags, environment?: Record<string, string>): WorkerProcess
  /** Resolves when a worker holds the run's step. */
  claimed(runId: string): Promise<void>
  kinds(runId: string): Promise<string[]>
  /** A run of one step, which ends when `go()` has been called. */
  readonly waiting: Plan
  go(): void
}

/** Everything of one test's own; nothing of it is left. */
async function place(finished: typeof onTestFinished): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'agentloom-worker-'))
  const prefix = testPrefix()
  const client = await createClient({ redis: redisUrl(), prefix })
  const processes: WorkerProcess[] = []
  finished(async () => {
    for (const { child, ended } of processes) {
      child.kill('SIGKILL')
      await ended
    }
    await client.close()
    await removeKeys(prefix)
    rmSync(folder, { recursive: true })
  })
  return {
    folder,
    prefix,
    client,
    worker(flags = {}, environment = {}) {
      const started = startWorkerProcess(prefix, flags, { AGENTLOOM_HOME: join(folder, 'home'), ...environment })
      processes.push(started)
      return started
    },
    async claimed(runId) {
      for await (const { record } of client.events(runId)) if (record.kind === 'claimed') return
    },
    kinds: async (runId) => (await client.load(runId))?.records.map(({ kind }) => kind) ?? [],
    waiting: compileYaml(`name: waiting
state: {file: "${join(folder, 'go')}"}
steps:
  - {id: wait, type: function, handler: wait-for-file, input: {file: "{state.file}"}, output: seen}
`).plan,
    go: () => writeFileSync(join(folder, 'go'), ''),
  }
}

const strays = compileYaml('name: strays\nsteps:\n  - {id: leak, type: function, handler: stray}\n').plan

// Most of a test's time is a process that starts; on a busy machine that takes seconds.
vi.setConfig({ testTimeout: 60_000 })

test.concurrent('SIGTERM: a step that ends within the grace period is committed, then the worker goes with 143', async ({
  onTestFinished,
}) => {
  const { client, worker, claimed, kinds, waiting, go } = await place(onTestFinished)
  const one = worker({ grace: 20, name: 'one' })
  await client.start(waiting, { runId: 'run1' })
  await claimed('run1')
  one.child.kill('SIGTERM')
  expect(await one.said('draining')).toMatchObject({ reason: 'SIGTERM', held: 1 })
  go()
  expect(await one.ended).toMatchObject({ code: 143, signal: null })
  expect((await client.header('run1'))?.status).toBe('success')
  expect(await kinds('run1')).toEqual(['started', 'claimed', 'committed', 'ended'])
})

test.concurrent('SIGTERM: what does not end in time is handed back, and another worker finishes it at its first attempt', async ({
  onTestFinished,
}) => {
  const { client, worker, claimed, kinds, waiting, go } = await place(onTestFinished)
  const one = worker({ grace: 0.1, name: 'one' })
  await client.start(waiting, { runId: 'run1' })
  await claimed('run1')
  one.child.kill('SIGTERM')
  expect(await one.ended).toMatchObject({ code: 143 })
  expect(await kinds('run1')).toEqual(['started', 'claimed', 'released'])
  const [, taken, released] = (await client.load('run1'))?.records ?? []
  // Far from the ten seconds that it would have had without being told.
  expect((released?.atMs ?? 0) - (taken?.atMs ?? 0)).toBeLessThan(9_000)
  go()
  worker({ name: 'two' })
  expect((await client.waitForEnd('run1')).status).toBe('success')
  const view = await client.view('run1')
  expect(view?.steps).toMatchObject([{ id: 'wait', status: 'success', attempts: 1 }])
})

test.concurrent('a second signal ends the worker at once', async ({ onTestFinished }) => {
  const { client, worker, claimed, waiting } = await place(onTestFinished)
  const one = worker({ grace: 600 })
  await client.start(waiting, { runId: 'run1' })
  await claimed('run1')
  one.child.kill('SIGINT')
  await one.said('draining')
  one.child.kill('SIGINT')
  expect(await one.ended).toMatchObject({ code: 130 })
})

test.concurrent('stray errors of a step are logged with it; its result stands and the worker goes on', async ({
  onTestFinished,
}) => {
  const { client, worker } = await place(onTestFinished)
  const one = worker()
  await client.start(strays, { runId: 'run1' })
  expect((await client.waitForEnd('run1')).status).toBe('success')
  expect(await one.said('stray rejection that no step caught')).toMatchObject({
    run_id: 'run1',
    step_id: 'leak',
    level: 'ERROR',
  })
  await client.start(strays, { runId: 'run2' })
  expect((await client.waitForEnd('run2')).status).toBe('success')
  expect(one.child.exitCode).toBeNull()
})

test.concurrent('AGENTLOOM_STRAY_ERRORS=drain: after a stray error the worker drains and goes with 1', async ({
  onTestFinished,
}) => {
  const { client, worker } = await place(onTestFinished)
  const one = worker({}, { AGENTLOOM_STRAY_ERRORS: 'drain' })
  await client.start(strays, { runId: 'run1' })
  expect(await one.ended).toMatchObject({ code: 1 })
  expect((await client.waitForEnd('run1')).status).toBe('success')
})

test.concurrent('an ended run is on disk, and can be read when every process is gone', async ({ onTestFinished }) => {
  const { folder, prefix, client, worker } = await place(onTestFinished)
  const one = worker({ name: 'one' }, { AGENTLOOM_LOG_LEVEL: 'debug' })
  const plan = compileYaml(
    'name: greeting\nstate: {who: you}\nsteps:\n  - {id: greet, type: function, handler: hello, input: {who: "{state.who}"}, output: text}\n',
  ).plan
  await client.start(plan, { runId: 'run1' })
  expect(await one.said('checkpoints written')).toMatchObject({ count: 1 })
  one.child.kill('SIGTERM')
  await one.ended
  await removeKeys(prefix)
  const checkpoint = await new CheckpointStore(join(folder, 'home', 'checkpoints')).read('run1')
  expect(checkpoint?.header).toMatchObject({ runId: 'run1', status: 'success', workflow: 'greeting', format: 1 })
  expect(checkpoint?.records.map(({ kind }) => kind)).toEqual(['started', 'claimed', 'committed', 'ended'])
})

test.concurrent('health: live and ready while steps are taken, not ready while draining', async ({
  onTestFinished,
}) => {
  const { client, worker, claimed, waiting, go } = await place(onTestFinished)
  const one = worker({ healthPort: 0, grace: 20, name: 'one' })
  const { health } = await one.said('health')
  const readyz = String(health)
  expect(readyz).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/readyz$/)
  expect(await (await fetch(readyz)).json()).toEqual({ status: 'ready', worker: 'one', held: 0 })
  await client.start(waiting, { runId: 'run1' })
  await claimed('run1')
  one.child.kill('SIGTERM')
  await one.said('draining')
  const draining = await fetch(readyz)
  expect(draining.status).toBe(503)
  expect(await draining.json()).toEqual({ status: 'draining', worker: 'one', held: 1 })
  expect((await fetch(readyz.replace('/readyz', '/healthz'))).status).toBe(200)
  go()
  expect(await one.ended).toMatchObject({ code: 143 })
})

test.concurrent('a scrape tells what this worker did, and how runs and queues stand', async ({ onTestFinished }) => {
  const { client, worker, claimed, waiting, go } = await place(onTestFinished)
  const one = worker({ healthPort: 0, name: 'one' })
  const url = String((await one.said('health'))['health']).replace('/readyz', '/metrics')
  const { plan } = compileYaml(`name: mixed
steps:
  - {id: greet, type: function, handler: hello, input: {who: you}}
  - {id: break, type: function, handler: broken, retry: {max_retries: 1, backoff_base: 0.01}}
  - {id: write, type: tool, tool_name: file_write, tool_args: {path: a.txt, content: hi}}
`)
  await client.start(plan, { runId: 'run1' })
  await client.waitForEnd('run1')
  await client.start(waiting, { runId: 'run2' })
  await claimed('run2')
  const scraped = await fetch(url)
  const text = await scraped.text()
  go()
  expect(scraped.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  for (const line of [
    'agentloom_workflow_runs_total{workflow="mixed",status="failed"} 1',
    'agentloom_workflow_duration_seconds_count{workflow="mixed",status="failed"} 1',
    'agentloom_step_executions_total{step_type="function",status="success",stream="false"} 1',
    'agentloom_step_executions_total{step_type="function",status="failed",stream="false"} 1',
    'agentloom_step_retries_total{step_type="function"} 1',
    'agentloom_tool_calls_total{tool_name="file_write",status="success"} 1',
    'agentloom_worker_steps_held 1',
    'agentloom_runs{status="failed"} 1',
    'agentloom_runs{status="running"} 1',
    'agentloom_queue_jobs{queue="agentloom-steps",state="active"} 1',
  ])
    expect(text.split('\n')).toContain(line)
})

test.each<[string, WorkerFlags, Record<string, string>, object]>([
  ['a Redis that is not there', { redis: 'redis://127.0.0.1:1' }, {}, { code: 'redis/unreachable' }],
  ['no Redis', {}, {}, { code: 'config/no-redis', place: '--redis' }],
  ['a module that is not there', { functions: ['nowhere.ts'] }, {}, { code: 'function/module', place: 'nowhere.ts' }],
  [
    'a folder of workflows that is not there',
    { workflows: '/nowhere' },
    {},
    { code: 'config/workflows', place: '/nowhere' },
  ],
  [
    'a floor that is not there',
    {},
    { AGENTLOOM_FLOOR_FILE: '/nowhere.json' },
    { code: 'file/unreadable', place: '/nowhere.json' },
  ],
  ['prices that are not there', {}, { AGENTLOOM_PRICING_FILE: '/nowhere.json' }, { code: 'file/unreadable' }],
  [
    'a variable that cannot be meant',
    {},
    { AGENTLOOM_STRAY_ERRORS: 'maybe' },
    { code: 'config/environment', place: 'AGENTLOOM_STRAY_ERRORS' },
  ],
  [
    'a host that is none of this machine',
    { healthPort: 1 },
    { AGENTLOOM_HEALTH_HOST: '203.0.113.1' },
    { code: 'server/address', place: '203.0.113.1:1' },
  ],
])('does not start with %s, and says so', async (name, flags, environment, error) => {
  const redis = name === 'no Redis' ? {} : { redis: redisUrl() }
  await expect(runWorker({ ...redis, ...flags }, environment)).rejects.toMatchObject(error)
})

test('does not start on a port that another program has', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await once(other, 'listening')
  const bound = other.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const started = runWorker({ redis: redisUrl(), healthPort: port }, {})
  await expect(started).rejects.toMatchObject({ code: 'server/port-in-use', place: `127.0.0.1:${port}` })
})
