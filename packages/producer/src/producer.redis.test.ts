import { createClient } from '@agentloom/bullmq/client'
import { expectNoKeys, redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { defineFunction, defineWorkflow } from '@agentloom/workflow'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createProducer, type Producer } from './producer.ts'
import { RunFailedError } from './run.ts'

// What needs no worker. Results of whole runs: packages/bullmq and tests/.

let prefix: string
let loom: Producer

beforeEach(() => {
  prefix = testPrefix()
  loom = createProducer({ redis: redisUrl(), prefix })
})

afterEach(async () => {
  await loom.close()
  await removeKeys(prefix)
  await expectNoKeys(prefix)
})

const greet = defineFunction({
  name: 'greet',
  input: z.object({ name: z.string() }),
  output: z.object({ text: z.string() }),
  run: ({ name }) => ({ text: `hello ${name}` }),
})
const greeting = defineWorkflow(
  { name: 'greeting', input: z.object({ name: z.string(), loud: z.boolean().default(false) }) },
  (w) => ({
    greeted: w.call('greet', greet, { name: w.input.name }),
  }),
)
const yaml = 'name: y\nsteps:\n  - {id: a, type: function, handler: greet, input: {name: x}}\n'

test('a run is recorded under a new id, with the input and its defaults', async () => {
  const run = await loom.start(greeting, { input: { name: 'Ada' } })
  expect(run.id).toMatch(/^[a-z2-7]{16}$/)
  expect(await run.status()).toBe('queued')
  await using client = await createClient({ redis: redisUrl(), prefix })
  expect(JSON.parse((await client.header(run.id))?.input ?? '')).toEqual({ name: 'Ada', loud: false })
})

test('the same id and content is the same run; other content is a conflict', async () => {
  const run = await loom.start({ yaml }, { id: 'order-1', input: { n: 1 }, tags: ['a'], tenant: 't', priority: 7 })
  expect((await loom.start({ yaml }, { id: 'order-1', input: { n: 1 } })).id).toBe(run.id)
  await expect(loom.start({ yaml }, { id: 'order-1', input: { n: 2 } })).rejects.toMatchObject({
    code: 'run/id-conflict',
  })
})

test('a fork is a run of its own, with changed state', async () => {
  const run = await loom.start({ yaml }, { id: 'first', input: { n: 1 } })
  const fork = await loom.fork(run.id, { from: 'a', id: 'second', state: { n: 2 } })
  expect(await fork.status()).toBe('queued')
  await using client = await createClient({ redis: redisUrl(), prefix })
  expect(JSON.parse((await client.header('second'))?.input ?? '')).toEqual({ n: 2 })
  await expect(loom.fork('first', { from: 'a', id: 'second' })).rejects.toMatchObject({ code: 'fork/id' })
})

test('input that the workflow does not declare is refused before anything is recorded', async () => {
  const wrong = { name: 5 } as unknown as { name: string }
  await expect(loom.start(greeting, { id: 'bad', input: wrong })).rejects.toMatchObject({
    code: 'run/bad-input',
    place: 'input.name',
  })
  await expect(loom.run('bad').status()).rejects.toMatchObject({ code: 'run/not-found' })
  await expect(loom.start({ yaml: 'name: [' })).rejects.toMatchObject({ name: 'WorkflowError' })
})

test('the result of a cancelled run rejects, for whoever waits for it, in this process or another', async () => {
  const run = await loom.start({ yaml }, { id: 'run' })
  await using other = createProducer({ redis: redisUrl(), prefix })
  const results = [run.result(), other.run('run').result()]
  expect(await run.cancel('not wanted')).toBe(true)
  expect(await run.cancel()).toBe(false)
  for (const result of results) {
    await expect(result).rejects.toBeInstanceOf(RunFailedError)
    await expect(result).rejects.toMatchObject({
      code: 'run/cancelled',
      message: 'not wanted',
      runId: 'run',
      status: 'cancelled',
      stepId: null,
    })
  }
})

test('waiting for a result ends with its signal, the run goes on', async () => {
  const run = await loom.start({ yaml })
  await expect(run.result({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
  expect(await run.status()).toBe('queued')
})

test('events come by cursor until the run is over', async () => {
  const run = await loom.start({ yaml })
  await run.cancel('x')
  const kinds: string[] = []
  for await (const { record } of run.events()) kinds.push(record.kind)
  expect(kinds).toEqual(['started', 'ended'])
  for await (const { record } of run.events({ from: 1 })) expect(record.kind).toBe('ended')
})

test('a Redis that is not there is told at the first use, and asked again at the next', async () => {
  await using nowhere = createProducer({ redis: 'redis://127.0.0.1:1' })
  await expect(nowhere.start({ yaml })).rejects.toMatchObject({ code: 'redis/unreachable' })
  await expect(nowhere.run('x').status()).rejects.toMatchObject({ code: 'redis/unreachable' })
})
