import { expectNoKeys, redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { compileYaml, defineFunction } from '@agentloom/workflow'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
import { createClient } from './client.ts'

test('slots are shown with their holders, and how many steps wait', async () => {
  const prefix = testPrefix()
  onTestFinished(async () => {
    await removeKeys(prefix)
    await expectNoKeys(prefix)
  })
  await using client = await createClient({ redis: redisUrl(), prefix })
  const { promise: isOpen, resolve: open } = Promise.withResolvers<void>()
  const held = defineFunction({
    name: 'held',
    input: z.object({}),
    async run() {
      await isOpen
      return 'done'
    },
  })
  const { plan } = compileYaml(
    'name: w\nconfig: {concurrency: {key: "{state.tenant}", limit: 1, weight: 2}}\nsteps: [{id: a, type: function, handler: held, input: {}}]\n',
  )
  await using _worker = (await startTestWorker({ prefix, worker: 'w1', functions: [held] })).runtime
  for (const runId of ['r1', 'r2', 'r3']) await client.start(plan, { runId, input: { tenant: 'acme' } })
  await expect
    .poll(() => client.slots('acme'))
    .toEqual([
      {
        key: 'acme',
        shard: 0,
        limit: 1,
        weight: 2,
        holders: [
          {
            runId: 'r1',
            stepId: 'a',
            worker: 'w1',
            sinceMs: expect.any(Number),
            untilMs: expect.any(Number),
          },
        ],
        waiting: 2,
      },
    ])
  expect(await client.slots('nobody')).toEqual([])
  expect((await client.explain('r2'))?.sentence).toMatch(
    /^run r2 is queued: step a waits for one of the 1 slots of the key acme, held by r1\/a/,
  )
  open()
  for (const runId of ['r1', 'r2', 'r3']) await client.waitForEnd(runId)
  await expect.poll(() => client.slots()).toEqual([])
})
