import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@agentloom/bullmq/client'
import { CheckpointStore } from '@agentloom/embedded'
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
