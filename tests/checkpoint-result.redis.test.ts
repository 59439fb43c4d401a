// A result can be had later and elsewhere: from Redis, and when Redis has forgotten the run, from its checkpoint.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@agentloom/bullmq/client'
import { CheckpointStore } from '@agentloom/embedded'
import { createProducer } from '@agentloom/producer'
import { createLogger } from '@agentloom/telemetry'
import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { startWorker } from '@agentloom/worker'
import { defineFunction } from '@agentloom/workflow'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const double = defineFunction({
  name: 'double',
  input: z.object({ n: z.number() }),
  output: z.number(),
  run: ({ n }) => n * 2,
})
const yaml =
  'name: double\nstate: {n: 0}\nsteps:\n  - {id: twice, type: function, handler: double, input: {n: state.n}, output: m}\n'

test('the result of a run that Redis has forgotten comes from its checkpoint, for whoever asks', async () => {
  const prefix = testPrefix()
  const folder = mkdtempSync(join(tmpdir(), 'agentloom-checkpoints-'))
  onTestFinished(async () => {
    await removeKeys(prefix)
    rmSync(folder, { recursive: true })
  })
  const place = { redis: redisUrl(), prefix }
  const checkpoints = new CheckpointStore(folder)
  await using client = await createClient(place)
  await using loom = createProducer({ ...place, checkpoints })
  const keep = async (runId: string): Promise<void> => {
    const loaded = await client.load(runId)
    if (loaded === null) throw new Error(`${runId} is still retained`)
    await checkpoints.write(loaded, (await client.definition(loaded.header.definition)) ?? '')
  }
  await loom.start({ yaml }, { id: 'waiting' })
  await keep('waiting')
  await (await loom.start({ yaml }, { id: 'cancelled' })).cancel('not wanted')
  await keep('cancelled')
  const run = await loom.start({ yaml }, { id: 'mine', input: { n: 21 } })
  const logger = createLogger({ name: 'test', level: 'critical', format: 'json', secrets: [] })
  const home = join(folder, 'home')
  const { result } = await (async () => {
    await using _worker = await startWorker({ ...place, functions: [double], home, logger })
    return { result: await run.result() }
  })()
  await keep('mine')
  await removeKeys(prefix)

  const handle = loom.run('mine')
  expect(await handle.result()).toEqual(result)
  expect(await handle.status()).toBe('success')
  await expect(loom.run('cancelled').result()).rejects.toMatchObject({ code: 'run/cancelled', message: 'not wanted' })
  // Nobody knows how it went on.
  await expect(loom.run('waiting').result()).rejects.toMatchObject({ code: 'run/not-found' })
  await expect(loom.run('nobody').status()).rejects.toMatchObject({ code: 'run/not-found' })
  await using plain = createProducer(place)
  await expect(plain.run('mine').result()).rejects.toMatchObject({ code: 'run/not-found' })
})
