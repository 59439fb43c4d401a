import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@agentloom/bullmq/client'
import { CheckpointStore } from '@agentloom/embedded'
import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { createLogger } from '@agentloom/telemetry'
import { startWorker } from '@agentloom/worker'
import { loadHandlers } from '@agentloom/worker/program'
import { afterEach, expect, test } from 'vitest'
import { call, folderWith, type Called } from '../io/fake-io.fixture.ts'
import { DOUBLE, DOUBLE_MODULE } from '../workflows.fixture.ts'

const prefix = testPrefix()
const env = { AGENTLOOM_PREFIX: prefix, AGENTLOOM_REDIS_URL: redisUrl() }

afterEach(() => removeKeys(prefix))

async function worker(folder: string) {
  const { functions } = await loadHandlers([join(folder, 'double.mjs')])
  const logger = createLogger({ name: 'test', level: 'critical', format: 'json', secrets: [] })
  return startWorker({ redis: redisUrl(), prefix, functions, home: folder, logger })
}

const here =
  (cwd: string) =>
  (line: string, more: { readonly signalAt?: { text: string; signal: 'SIGINT' } } = {}): Promise<Called> =>
    call(line.split(' '), { cwd, env, ...more })

test('a run is started in Redis, watched to its end, and shown', async () => {
  const cwd = folderWith({ 'double.yaml': DOUBLE, 'double.mjs': DOUBLE_MODULE })
  const agentloom = here(cwd)
  await using _worker = await worker(cwd)
  const run = await agentloom('run double.yaml -s n:=21 --id mine')
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout).toMatch(/^double · run mine · in Redis, executed by workers\n ✓ twice +\d+ ms   42\nsuccess in/)
  expect(JSON.parse((await agentloom('show mine --json')).stdout)).toMatchObject({
    status: 'success',
    state: { n2: 42 },
  })
  expect((await agentloom('runs')).stdout).toContain('mine ')
  expect((await agentloom('cancel mine')).stderr).toContain('it is success')
  expect((await agentloom('resume mine')).stdout).toContain('it succeeded: nothing to do')
  expect((await agentloom('info')).stdout).toMatch(/Redis: +ready/)
})

test('without a worker a run waits: it can be left, paused, resumed and cancelled', async () => {
  const cwd = folderWith({ 'double.yaml': DOUBLE, 'double.mjs': DOUBLE_MODULE })
  const agentloom = here(cwd)
  const left = await agentloom('run double.yaml --id mine', { signalAt: { text: 'run mine', signal: 'SIGINT' } })
  expect(left.code).toBe(130)
  expect(left.stderr).toMatch(/run mine goes on without you\nnext: agentloom show mine · agentloom pause mine/)
  expect((await agentloom('pause mine')).stdout).toBe('run mine is paused\n')

  const resuming = agentloom('resume mine')
  await using _worker = await worker(cwd)
  expect(await resuming).toMatchObject({ code: 0 })

  const other = await agentloom('run double.yaml --id other --detach --json')
  expect(JSON.parse(other.stdout)).toMatchObject({ run_id: 'other', workflow: 'double' })
})

test('above the backlog that is set a run is refused', async () => {
  const cwd = folderWith({ 'double.yaml': DOUBLE, 'double.mjs': DOUBLE_MODULE })
  const start = (id: string) =>
    call(['run', 'double.yaml', '--id', id, '--detach'], { cwd, env: { ...env, AGENTLOOM_BACKLOG: '1' } })
  expect(await start('first')).toMatchObject({ code: 0 })
  const refused = await start('second')
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('run/backlog') })
})

const DEAR = `
name: dear
config: {budget_usd: 0.01, on_budget: park}
steps:
  - {id: a, type: llm_call, prompt: hi, output: text}
  - {id: b, type: llm_call, depends_on: [a], prompt: "More than {state.text}"}
`
const ANSWERS = JSON.stringify({ a: { content: 'Hello', cost_usd: 0.02 }, b: { content: 'Bye', cost_usd: 0.02 } })

test('a run whose budget is spent ends its command: nothing goes on before somebody gives more', async () => {
  const cwd = folderWith({ 'double.mjs': DOUBLE_MODULE, 'dear.yaml': DEAR, 'answers.json': ANSWERS })
  const agentloom = here(cwd)
  await using _worker = await worker(cwd)
  const run = await agentloom('run dear.yaml --id mine --mock-responses answers.json')
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout).toContain('next: agentloom explain mine')
  expect((await agentloom('resume mine --budget 1')).stdout).toContain('success in')
})

test('so does a run whose child run has spent its budget', async () => {
  const parent = 'name: parent\nsteps:\n  - {id: s, type: subworkflow, workflow_path: dear.yaml}\n'
  const files = { 'double.mjs': DOUBLE_MODULE, 'dear.yaml': DEAR, 'parent.yaml': parent, 'answers.json': ANSWERS }
  const cwd = folderWith(files)
  const agentloom = here(cwd)
  await using _worker = await worker(cwd)
  const run = await agentloom('run parent.yaml --id mine --mock-responses answers.json')
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect((await agentloom('explain mine')).stdout).toContain('mend it with: agentloom resume mine --budget USD')
  expect((await agentloom('resume mine --budget 1')).stdout).toContain('success in')
})

test('a run that Redis no longer has is shown from its checkpoint', async () => {
  const cwd = folderWith({ 'double.yaml': DOUBLE, 'double.mjs': DOUBLE_MODULE })
  const agentloom = here(cwd)
  await agentloom('run double.yaml -s n:=21 --id mine --detach')
  await using client = await createClient({ redis: redisUrl(), prefix })
  {
    await using _worker = await worker(cwd)
    await client.waitForEnd('mine')
  }
  const loaded = await client.load('mine')
  if (loaded === null) throw new Error('the run has ended, and is retained')
  const text = (await client.definition(loaded.header.definition)) ?? ''
  await new CheckpointStore(join(cwd, '.agentloom', 'checkpoints')).write(loaded, text)
  await removeKeys(prefix)
  expect((await agentloom('explain mine')).stdout).toContain('run mine is success: it ended at')
  const shown = await agentloom('show mine --json')
  expect(JSON.parse(shown.stdout)).toMatchObject({ run_id: 'mine', status: 'success', state: { n2: 42 } })
  expect((await agentloom('show other')).stderr).toContain('run/not-found')
})

test('pruning Redis leaves the embedded runs of the same home alone', async () => {
  const cwd = folderWith({ 'nap.yaml': 'name: nap\nsteps:\n  - {id: s, type: sleep, seconds: 0}\n' })
  expect(await call(['run', 'nap.yaml', '--id', 'mine'], { cwd })).toMatchObject({ code: 0 })
  await using kept = new CheckpointStore(join(cwd, '.agentloom', 'checkpoints'))
  await expect.poll(() => kept.read('mine')).not.toBeNull()
  expect((await here(cwd)('runs prune --older-than 0s')).stdout).toBe('removed 0 runs\n')
  expect((await here(cwd)('runs rm --force mine')).stderr).toContain('run/not-found')
  expect(await kept.read('mine')).not.toBeNull()
  expect(existsSync(join(cwd, '.agentloom', 'sessions', 'mine.json'))).toBe(true)
})

test('a run that no worker takes says what it waits for', async () => {
  const agentloom = here(folderWith({ 'double.yaml': DOUBLE }))
  const waiting = 'still waiting for a worker'
  const left = await agentloom('run double.yaml --id mine', { signalAt: { text: waiting, signal: 'SIGINT' } })
  expect(left.code).toBe(130)
  expect(left.stderr).toMatch(/^still waiting for a worker: start one with agentloom worker, with --functions MODULE/)
}, 30_000)

test('a Redis that is not there is told with its address', async () => {
  const called = await call(['runs', '--redis', 'redis://:secret@127.0.0.1:1'])
  expect(called).toMatchObject({ code: 1, stdout: '' })
  expect(called.stderr).toContain('redis/unreachable')
  expect(called.stderr).not.toContain('secret')
})
