import { MigrationRefusedError } from '@agentloom/engine'
import { compileYaml, defineFunction, defineWorkflow, type Plan } from '@agentloom/workflow'
import { z } from 'zod'
import { removeKeys, redisUrl, testPrefix } from '@agentloom/testing'
import { afterEach, expect, test } from 'vitest'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
import { echo } from '../testing/plans.fixture.ts'
import { createClient, type Client } from './client.ts'

const prefix = testPrefix()
afterEach(() => removeKeys(prefix))

function planOf(last: string, more = ''): Plan {
  return compileYaml(`
name: wf
steps:
  - {id: a, type: function, handler: echo, input: {text: one}, output: a}
  - {id: ok, type: approval_gate, depends_on: [a]}
  - {id: last, type: function, handler: echo, input: {text: "${last} {state.a}"}, output: last, depends_on: [ok]}${more}`)
    .plan
}

async function atTheGate(client: Client): Promise<void> {
  await client.start(planOf('end'), { runId: 'run' })
  expect((await client.waitForRest('run')).status).toBe('paused')
}

test('a run that waits follows another definition, and workers go on by that', async () => {
  await using client = await createClient({ redis: redisUrl(), prefix })
  const { runtime } = await startTestWorker({ prefix, functions: [echo] })
  await using _worker = runtime
  await atTheGate(client)
  const to = planOf(
    'changed',
    '\n  - {id: more, type: function, handler: echo, input: {text: m}, output: more, depends_on: [last]}',
  )
  await expect(client.migrate('run', planOf('end'), {})).resolves.toMatchObject({ outcome: 'same' })
  expect(await client.migrate('run', to)).toMatchObject({ outcome: 'migrated', to: to.hash })
  await client.decide('run', { path: null, decision: 'approved' })
  expect((await client.result('run')).state).toMatchObject({ last: 'changed one', more: 'm' })
  await expect(client.migrate('run', planOf('x'))).rejects.toThrow(MigrationRefusedError)
})

test('a fork takes over what was done, also of a run that is at work', async () => {
  await using client = await createClient({ redis: redisUrl(), prefix })
  const { runtime } = await startTestWorker({ prefix, functions: [echo] })
  await using _worker = runtime
  await atTheGate(client)
  expect(await client.fork('run', { runId: 'early', from: 'last' })).toMatchObject({ kept: ['a'], again: [] })
  expect((await client.waitForRest('early')).status).toBe('paused')
  await client.decide('run', { path: null, decision: 'approved' })
  const first = await client.result('run')
  const plan = planOf('other')
  expect(await client.fork('run', { runId: 'fork', from: 'last', plan })).toMatchObject({
    kept: ['a', 'ok'],
    again: ['last'],
  })
  const fork = await client.result('fork')
  expect(fork.state).toMatchObject({ last: 'other one' })
  expect(first.state).toMatchObject({ last: 'end one' })
  const records = (await client.load('fork'))?.records ?? []
  expect(records.filter(({ kind }) => kind === 'claimed')).toMatchObject([{ stepId: 'last' }])
})

test('a changed workflow makes new runs other; those that are there go on as they began', async () => {
  await using client = await createClient({ redis: redisUrl(), prefix })
  const { runtime } = await startTestWorker({ prefix, functions: [echo], workflows: [planOf('new')] })
  await using _worker = runtime
  await atTheGate(client)
  await client.start(planOf('new'), { runId: 'later' })
  for (const runId of ['run', 'later']) {
    await client.waitForRest(runId)
    await client.decide(runId, { path: null, decision: 'approved' })
  }
  expect((await client.result('run')).state).toMatchObject({ last: 'end one' })
  expect((await client.result('later')).state).toMatchObject({ last: 'new one' })
})

test('a run of a built workflow goes on with the version of a function that it began with', async () => {
  const greeting = (version: string) =>
    defineFunction({ name: 'greet', version, input: z.object({}), run: () => `hello of ${version}` })
  const workflow = defineWorkflow({ name: 'greets', input: z.object({}) }, (w) => ({
    said: w.call('said', greeting('1'), {}),
  }))
  await using client = await createClient({ redis: redisUrl(), prefix })
  const newer = await startTestWorker({ prefix, functions: [greeting('2')] })
  await using _newer = newer.runtime
  await client.start(workflow.plan, { runId: 'run' })
  await expect.poll(async () => (await client.header('run'))?.status).toBe('parked')
  const older = await startTestWorker({ prefix, functions: [greeting('1'), greeting('2')] })
  await using _older = older.runtime
  expect((await client.result('run')).steps[0]?.output).toBe('hello of 1')
})
