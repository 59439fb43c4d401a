import { compileYaml, defineFunction } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { MemoryRuntime } from '../testing/memory-runtime.ts'
import { verifyRun } from './verify-run.ts'

function planOf(last: string) {
  return compileYaml(`
name: w
steps:
  - {id: a, type: function, handler: good}
  - {id: b, type: function, handler: good, depends_on: [a]}
  - {id: c, type: function, handler: ${last}, depends_on: [b], retry: {max_retries: 0}}`).plan
}

const good = defineFunction({ name: 'good', input: z.object({}), run: () => 1 })
const bad = defineFunction({
  name: 'bad',
  input: z.object({}),
  run: () => {
    throw new Error('bad')
  },
})

test('a fork, whose first results are taken over, is as it must be', async () => {
  const runtime = new MemoryRuntime({ functions: [good] })
  const plan = planOf('good')
  await runtime.run(plan)
  await runtime.fork('run', { runId: 'fork', from: 'c' })
  await runtime.settle()
  const loaded = await runtime.journal.load('fork')
  expect(loaded?.header.status).toBe('success')
  expect(loaded === null ? null : verifyRun(plan, loaded)).toEqual([])
})

test('so is a failed run that was migrated, and went on', async () => {
  const runtime = new MemoryRuntime({ functions: [good, bad] })
  expect((await runtime.run(planOf('bad'))).status).toBe('failed')
  const plan = planOf('good')
  await runtime.migrate('run', plan)
  const migrated = await runtime.journal.load('run')
  expect(migrated === null ? null : verifyRun(plan, migrated)).toEqual([])
})
