import { describe, expect, test } from 'vitest'
import { WorkflowError } from '../diagnostics/workflow-error.ts'
import { parseDefinition, writeDefinition } from '../plan/definition.ts'
import type { CleanupPlan } from '../plan/plan.ts'
import { compileWorkflow } from './compile.ts'
import { compileYaml } from './from-yaml.ts'

const undo = 'compensate: {type: tool, tool_name: undo, tool_args: {what: "{state.a} {state.steps.a.output}"}}'
const steps = `
  - {id: a, type: llm_call, prompt: x, output: a, ${undo}}
  - {id: b, type: llm_call, prompt: x, depends_on: [a]}
  - {id: c, type: llm_call, prompt: x, depends_on: [b], compensate: {type: function, handler: h}}
  - {id: d, type: llm_call, prompt: x, depends_on: [b], compensate: {type: function, handler: h, when: state.a}}`
const last = `
finally:
  - {id: tell, type: tool, tool_name: t, tool_args: {what: state.a}}
  - {id: log, type: tool, tool_name: t, depends_on: [tell]}
  - {id: free, type: tool, tool_name: t}`
const cleanupOf = (more: string): CleanupPlan => {
  const { cleanup } = compileYaml(`name: w\n${more}`).plan
  if (cleanup === null) throw new Error('there is no cleanup')
  return cleanup
}
function codesOf(text: string): readonly string[] {
  try {
    return compileYaml(`name: w\n${text}`).warnings.map(({ code }) => code)
  } catch (error) {
    if (error instanceof WorkflowError) return error.diagnostics.map(({ code, path }) => `${code} ${path}`)
    throw error
  }
}

test('compensations in reverse order, one by one, then the steps of finally', () => {
  const { plan, compensates } = cleanupOf(`steps:${steps}${last}`)
  const edges = plan.nodes.map(({ id, sources, dependsOn }) => {
    const ids = (ranks: readonly number[]) => ranks.map((rank) => plan.nodes[rank]?.id).join(' ')
    return `${id} < ${ids(sources)} | ${ids(dependsOn)}`
  })
  expect(edges).toEqual([
    'compensate-d <  | ',
    'compensate-c < compensate-d | ',
    'compensate-a < compensate-c | ',
    'free < compensate-a | ',
    'tell < compensate-a | ',
    'log < tell | tell',
  ])
  expect([...compensates]).toEqual([
    ['compensate-d', 'd'],
    ['compensate-c', 'c'],
    ['compensate-a', 'a'],
  ])
  expect(plan.nodes.flatMap(({ edges: out }) => out.filter(({ isExplicit }) => isExplicit))).toHaveLength(1)
  expect(plan.byId.get('compensate-d')?.step.when).toMatchObject({ text: 'state.a' })
})

test('it is nothing that the budget or the time of the run ends', () => {
  const { plan } = cleanupOf(`config: {budget_usd: 1, timeout: 5, model: m}\nsteps:${steps}`)
  expect(plan.config).toMatchObject({ budgetNanoUsd: null, timeoutMs: null, model: 'm' })
})

test('a worker compiles it from its stored definition', () => {
  const text = `steps:${steps}${last}\n  - {id: sub, type: subworkflow, workflow_inline: {name: c, steps: []}}`
  const { plan } = cleanupOf(text)
  const again = compileWorkflow(parseDefinition(writeDefinition(plan.definition))).plan
  expect(again).toEqual(plan)
  expect(plan.hash).not.toBe(compileYaml(`name: w\n${text}`).plan.hash)
})

test('only finally, only compensations, and neither', () => {
  expect(cleanupOf('steps: []\nfinally: [{id: a, type: tool, tool_name: t}]').plan.roots).toEqual([0])
  expect(cleanupOf(`steps:${steps}`).plan.nodes).toHaveLength(3)
  expect(compileYaml('name: w\nsteps: []\nfinally: []').plan.cleanup).toBeNull()
  expect(() => compileWorkflow({ ...compileYaml('name: w\nsteps: []').plan.definition, part: 'cleanup' })).toThrow(
    WorkflowError,
  )
})

describe('what it may name', () => {
  test('all that the run has written', () => {
    expect(codesOf(`steps:${steps}${last}`)).toEqual([])
  })
  test('and no more', () => {
    const text = 'steps: []\nfinally: [{id: a, type: llm_call, prompt: "{state.nothing} {state.steps.x.output}"}]'
    expect(codesOf(text)).toEqual(['workflow/unknown-reference', 'workflow/unknown-reference'])
  })
})

test.each([
  [
    'a step of the run',
    'finally: [{id: f, type: tool, tool_name: t, depends_on: [a]}]',
    'workflow/unknown-dependency finally[0].depends_on[0]',
  ],
  ['the id of a step', 'finally: [{id: a, type: tool, tool_name: t}]', 'workflow/duplicate-id finally[0].id'],
  [
    'the id of a compensation',
    'finally: [{id: compensate-a, type: tool, tool_name: t}]',
    'workflow/duplicate-id finally[0].id',
  ],
  [
    'an id twice',
    'finally: [{id: f, type: tool, tool_name: t}, {id: f, type: tool, tool_name: t}]',
    'workflow/duplicate-id finally[1].id',
  ],
  ['a cycle', 'finally: [{id: f, type: tool, tool_name: t, depends_on: [f]}]', 'workflow/cycle finally[0].depends_on'],
  [
    'compensations of its own',
    `finally: [{id: f, type: tool, tool_name: t, ${undo}}]`,
    'workflow/schema finally[0].compensate',
  ],
  [
    'a router to a step of the run',
    'finally: [{id: f, type: router, default: a}]',
    'workflow/router finally[0].default',
  ],
])('finally cannot have %s', (_, text, expected) => {
  expect(codesOf(`steps:${steps}\n${text}`)).toEqual([expected])
})

test('no step has the id of what cleans up', () => {
  expect(codesOf(`steps: [{id: finally, type: tool, tool_name: t, ${undo}}]`)).toEqual(['workflow/bad-id steps[0].id'])
  expect(codesOf('steps: [{id: finally, type: tool, tool_name: t}]')).toEqual([])
})
