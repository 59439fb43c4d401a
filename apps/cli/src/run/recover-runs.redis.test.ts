import { existsSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@agentloom/bullmq/client'
import { CheckpointStore, spoolFolder, WorkerSpool } from '@agentloom/embedded'
import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { compileYaml } from '@agentloom/workflow'
import { afterEach, expect, test } from 'vitest'
import { call, folderWith } from '../io/fake-io.fixture.ts'
import { ECHO } from '../workflows.fixture.ts'

const prefix = testPrefix()
afterEach(() => removeKeys(prefix))

const { plan } = compileYaml('name: gated\nsteps:\n  - {id: gate, type: approval_gate}\n')

test('recover fills an empty Redis up from the checkpoints of a home, and verify finds nothing wrong', async () => {
  const cwd = folderWith({})
  const env = { AGENTLOOM_REDIS_URL: redisUrl(), AGENTLOOM_PREFIX: prefix }
  const agentloom = (line: string) => call(line.split(' '), { cwd, env })
  await using client = await createClient({ redis: redisUrl(), prefix })
  await using store = new CheckpointStore(join(cwd, '.agentloom', 'checkpoints'))
  for (const runId of ['paused', 'over']) await client.start(plan, { runId })
  await client.pause('paused', 'wait')
  await client.cancel('over', 'enough')
  for (const runId of ['paused', 'over']) {
    const run = await client.kept(runId)
    if (run !== null) await store.write(run, run.definitionText)
  }
  await removeKeys(prefix)
  const dry = await agentloom('recover --dry-run')
  expect(dry).toMatchObject({ code: 0, stderr: '' })
  expect(dry.stdout).toContain('✓ over · 2 records missing\n✓ paused · 2 records missing\n')
  expect((await agentloom('recover')).stdout).toContain('✓ paused · 2 records put back\n')
  expect((await agentloom('recover --from .agentloom')).stdout).toContain('1 store of checkpoints, 0 runs')
  expect((await client.header('over'))?.status).toBe('cancelled')
  expect(await agentloom('verify --all')).toMatchObject({
    code: 0,
    stdout: '2 runs looked at, 0 with something wrong\n',
  })
})

test('a damaged spool is named, and so are spools under another spelling of the URL', async () => {
  const cwd = folderWith({})
  const env = { AGENTLOOM_REDIS_URL: redisUrl(), AGENTLOOM_PREFIX: prefix }
  const home = join(cwd, '.agentloom')
  const other = spoolFolder(home, { redis: 'redis://elsewhere', prefix })
  await (await WorkerSpool.open({ folder: other, worker: 'w' })).close()
  const unfound = await call(['recover'], { cwd, env })
  expect(unfound).toMatchObject({ code: 1, stderr: expect.stringContaining(`--from ${other}`) })
  truncateSync(join(other, 'w.db'), 5_000)
  const damaged = await call(['recover', '--from', other], { cwd, env })
  expect(damaged).toMatchObject({ code: 1, stderr: expect.stringContaining(join(other, 'w.db')) })
  expect(damaged.stdout).toContain('0 lacked something')
})

test('runs of the embedded runtime, whose checkpoints lie in the same folder, are not put into Redis', async () => {
  const cwd = folderWith({ 'echo.yaml': ECHO })
  expect((await call(['run', 'echo.yaml'], { cwd })).code).toBe(0)
  expect(existsSync(join(cwd, '.agentloom', 'checkpoints', 'runs.db'))).toBe(true)
  const env = { AGENTLOOM_REDIS_URL: redisUrl(), AGENTLOOM_PREFIX: prefix }
  expect(await call(['recover'], { cwd, env })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('1 store of checkpoints, 0 runs'),
  })
})
