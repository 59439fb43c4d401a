import { defineFunction } from '@agentloom/workflow'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { temporaryFolders } from '../testing/folder.ts'
import { executorsWith, planOf } from '../testing/plans.ts'
import { createEmbedded } from './embedded.ts'

const freshFolder = temporaryFolders(afterEach)

const planWith = (concurrency: string, queue = '') =>
  planOf(`
name: fair
config: {concurrency: ${concurrency}}
steps:
  - {id: a, type: function, handler: held, input: {tenant: state.tenant}}
  - {id: b, type: function, handler: held, input: {tenant: state.tenant}, depends_on: [a]${queue}}
`)

test('with all places taken and many runs of A waiting, the first place that is free is B’s', async () => {
  const begun: string[] = []
  const waiting: (() => void)[] = []
  const { promise: areBusy, resolve: busy } = Promise.withResolvers<void>()
  const held = defineFunction({
    name: 'held',
    input: z.object({ tenant: z.string() }),
    run: ({ tenant }) => {
      if (begun.push(tenant) === 2) busy()
      return new Promise<string>((resolve) => waiting.push(() => resolve('done')))
    },
  })
  await using embedded = await createEmbedded({
    folder: freshFolder(),
    executors: executorsWith([held]),
    concurrency: 2,
  })
  const plan = planWith('{key: "{state.tenant}"}', ', queue: gpu')
  const many = await Promise.all(Array.from({ length: 40 }, () => embedded.start(plan, { input: { tenant: 'A' } })))
  await areBusy
  const newcomer = await embedded.start(plan, { input: { tenant: 'B' } })
  waiting.shift()?.()
  await expect.poll(() => begun.slice(0, 3)).toEqual(['A', 'A', 'B'])
  const letAllGo = setInterval(() => waiting.shift()?.(), 0)
  const ends = await Promise.all([newcomer, ...many].map((run) => run.result()))
  clearInterval(letAllGo)
  expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(['success']))
})

test('a key’s limit holds over the runs of the process, also after a resume', async () => {
  let atWork = 0
  let most = 0
  const held = defineFunction({
    name: 'held',
    input: z.object({ tenant: z.string() }),
    async run() {
      most = Math.max(most, (atWork += 1))
      await new Promise((resolve) => setImmediate(resolve))
      atWork -= 1
      return 'done'
    },
  })
  const folder = freshFolder()
  const plan = planWith('{key: "{state.tenant}", limit: 2}')
  const ids = Array.from({ length: 10 }, (_, n) => `run${n}`)
  {
    await using embedded = await createEmbedded({ folder, executors: executorsWith([held]) })
    for (const runId of ids) await embedded.start(plan, { runId, input: { tenant: 'A' } })
  }
  atWork = 0
  await using again = await createEmbedded({ folder, executors: executorsWith([held]) })
  const runs = await Promise.all(ids.map((runId) => again.resume(runId)))
  const ends = await Promise.all(runs.map((run) => run.result()))
  expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(['success']))
  expect(most).toBe(2)
})

test('runs of a key go on when those for which the bells were rung are paused or cancelled', async () => {
  const { promise: isBusy, resolve: busy } = Promise.withResolvers<void>()
  const held = defineFunction({
    name: 'held',
    input: z.object({ tenant: z.string() }),
    run: ({ tenant }, { signal }) => {
      if (tenant !== 'blocks') return 'done'
      busy()
      return new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))))
    },
  })
  await using embedded = await createEmbedded({
    folder: freshFolder(),
    executors: executorsWith([held]),
    concurrency: 1,
  })
  const plan = planWith('{key: all, limit: 1}')
  const first = await embedded.start(plan, { input: { tenant: 'blocks' } })
  await isBusy
  const others = []
  for (let n = 0; n < 40; n += 1) others.push(await embedded.start(plan, { input: { tenant: 'goes on' } }))
  for (const [n, run] of others.slice(0, 35).entries()) await (n % 2 === 0 ? run.pause() : run.cancel())
  await first.cancel()
  const ends = await Promise.all(others.slice(35).map((run) => run.result()))
  expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(['success']))
})
