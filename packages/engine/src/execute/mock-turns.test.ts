import { compileYaml } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { MemoryRuntime } from '../testing/memory-runtime.ts'
import { scriptedModel, scriptedTools } from './scripted.fixture.ts'

const planOf = (steps: string) => compileYaml(`name: t\nconfig: {provider: mock, model: demo}\nsteps:\n${steps}`).plan

test('a first call plays the first turn, and a failed one has played its own', async () => {
  const { models, requests } = scriptedModel((_request, count) => (count === 0 ? new Error('no line') : 'ok'))
  await new MemoryRuntime({ models }).run(planOf('  - {id: a, type: llm_call, prompt: Go, retry: {max_retries: 1}}'))
  expect(requests.map(({ turn }) => turn)).toEqual([0, 1])
})

test('turns go on over a loop of tools, its retries and lost workers', async () => {
  let fails = 1
  let isLost = false
  const { models, requests } = scriptedModel((request) => {
    const at = request.messages.filter(({ role }) => role === 'assistant').length
    if (at === 1 && fails-- > 0) return new Error('no line')
    if (at === 2 && !isLost) {
      isLost = true
      runtime.claims.abort('drain')
    }
    return at === 3 ? 'done' : { calls: [{ name: 'read', arguments: {} }] }
  })
  const { box } = scriptedTools({ read: { run: () => 'x' } })
  const runtime = new MemoryRuntime({ models, tools: box })
  await runtime.run(planOf('  - {id: a, type: llm_call, prompt: Go, tools: [{name: read}], retry: {max_retries: 1}}'))
  // The call that a lost worker had made is made again, at the same turn; the one that failed counts.
  expect(requests.map(({ turn }) => turn)).toEqual([0, 1, 2, 3, 3, 4])
})

test('children of one tree share the turns of a step’s id', async () => {
  const { models, requests } = scriptedModel(() => 'ok')
  const child = '{name: c, config: {provider: mock}, steps: [{id: draft, type: llm_call, prompt: Go}]}'
  const plan = planOf(`
  - {id: one, type: subworkflow, workflow_inline: ${child}}
  - {id: two, type: subworkflow, workflow_inline: ${child}, depends_on: [one]}
  - {id: draft, type: llm_call, prompt: Go, depends_on: [two]}`)
  expect((await new MemoryRuntime({ models }).run(plan)).status).toBe('success')
  expect(requests.map(({ turn }) => turn)).toEqual([0, 1, 2])
})

test('a resume begins with the first turn', async () => {
  const { models, requests } = scriptedModel((_request, count) => (count < 2 ? new Error('no line') : 'ok'))
  const runtime = new MemoryRuntime({ models })
  const plan = planOf('  - {id: a, type: llm_call, prompt: Go, retry: {max_retries: 1}}')
  await runtime.run(plan)
  await runtime.resume(plan)
  await runtime.settle()
  expect(requests.map(({ turn }) => turn)).toEqual([0, 1, 0])
})

test('items of a foreach play the turns from their own place on', async () => {
  const { models, requests } = scriptedModel(() => 'ok')
  const each = '{id: e, type: foreach, items: [x, y, z], step: {type: llm_call, prompt: Go}, max_concurrent: 1}'
  await new MemoryRuntime({ models }).run(planOf(`  - ${each}`))
  expect(requests.map(({ turn, stepId }) => [turn, stepId])).toEqual([
    [0, 'e'],
    [1, 'e'],
    [2, 'e'],
  ])
})

test('other providers are told the number of the call too', async () => {
  const { models, requests } = scriptedModel((_request, count) => (count === 0 ? new Error('no line') : 'ok'))
  const plan = compileYaml('name: t\nsteps: [{id: a, type: llm_call, prompt: Go, retry: {max_retries: 1}}]').plan
  await new MemoryRuntime({ models }).run(plan)
  expect(requests.map(({ turn }) => turn)).toEqual([0, 1])
})
