import { compileYaml, defineFunction, toPlain, type Plan } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { MemoryRuntime } from '../testing/memory-runtime.ts'

/** A child run whose gate is decided before what follows fails. */
function planOf(retries: number): Plan {
  return compileYaml(`
name: w
steps:
  - id: sub
    type: subworkflow
    isolated_state: true
    retry: {max_retries: ${retries}, backoff_base: 0, backoff_max: 0}
    workflow_inline:
      name: child
      steps:
        - {id: gate, type: approval_gate, output: verdict}
        - {id: work, type: function, handler: work, depends_on: [gate], input: {told: state.verdict}, retry: {max_retries: 0}}
    return_keys: [verdict]
    output: child
`).plan
}

function runtime(fails: (told: unknown, count: number) => boolean) {
  const told: unknown[] = []
  const work = defineFunction({
    name: 'work',
    input: z.object({ told: z.unknown() }),
    run(input) {
      told.push(input.told)
      if (fails(input.told, told.length)) throw new Error('not yet')
      return 'done'
    },
  })
  return { at: new MemoryRuntime({ functions: [work] }), told }
}

test('a decision holds for the next child run when the step is tried again', async () => {
  const { at, told } = runtime((_, count) => count < 3)
  const plan = planOf(2)
  await at.run(plan)
  await at.decide('sub.gate', 'approved')
  await at.settle()
  expect(toPlain((await at.view(plan)).state)).toMatchObject({ child: { verdict: 'approved' } })
  expect(told).toEqual(['approved', 'approved', 'approved'])
})

test('and when the run is resumed, unless another comes with that', async () => {
  const { at, told } = runtime((verdict) => verdict === 'rejected')
  const plan = planOf(0)
  await at.run(plan)
  await at.decide('sub.gate', 'rejected')
  await at.settle()
  await at.resume(plan)
  await at.settle()
  expect((await at.view(plan)).status).toBe('failed')
  await at.resume(plan, 'run', { 'sub.gate': 'approved' })
  await at.settle()
  expect((await at.view(plan)).status).toBe('success')
  expect(told).toEqual(['rejected', 'rejected', 'approved'])
})

test('one that is none is asked for again', async () => {
  const { at } = runtime(() => false)
  const plan = planOf(0)
  await at.run(plan)
  await at.decide('sub.gate', 'maybe')
  await at.settle()
  expect((await at.view(plan)).status).toBe('failed')
  await at.resume(plan)
  await at.settle()
  expect((await at.view(plan)).steps[0]?.waitingAt).toEqual(['sub.gate'])
})
