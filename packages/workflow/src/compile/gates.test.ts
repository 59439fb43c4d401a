import { describe, expect, test } from 'vitest'
import type { Plan } from '../plan/plan.ts'
import { compileYaml } from './from-yaml.ts'

const planOf = (steps: string, config = ''): Plan => compileYaml(`name: w\nconfig: {${config}}\nsteps:\n${steps}`).plan
const sources = (plan: Plan, id: string) =>
  plan.byId
    .get(id)
    ?.sources.map((rank) => plan.nodes[rank]?.id)
    .join(' ')
const tool = (id: string, ...dependsOn: string[]) =>
  `  - {id: ${id}, type: tool, tool_name: t, depends_on: [${dependsOn.join(', ')}]}\n`
const others = tool('a') + tool('b', 'a') + tool('c', 'b')

// scheduling.md rule 3.
describe('a gate holds back all later layers', () => {
  test('by edges to the next one, of which the others have a dependency', () => {
    const plan = planOf(`  - {id: g, type: approval_gate}\n${others}`)
    expect(sources(plan, 'a')).toBe('')
    expect(sources(plan, 'b')).toBe('a g')
    expect(sources(plan, 'c')).toBe('b')
    expect(plan.byId.get('g')?.edges).toEqual([{ to: plan.byId.get('b')?.index, isExplicit: false }])
  })

  test('its own dependents by their own edge', () => {
    const plan = planOf(`  - {id: g, type: approval_gate}\n${tool('b', 'g')}`)
    expect(plan.byId.get('g')?.edges).toEqual([{ to: 1, isExplicit: true }])
  })

  test('of one layer, all of them', () => {
    const plan = planOf(`  - {id: g, type: approval_gate}\n  - {id: h, type: approval_gate}\n${others}`)
    expect(sources(plan, 'b')).toBe('a g h')
  })

  test('not with hold: dependents', () => {
    const plan = planOf(`  - {id: g, type: approval_gate, hold: dependents}\n${others}${tool('d', 'g')}`)
    expect(sources(plan, 'b')).toBe('a')
    expect(sources(plan, 'd')).toBe('g')
  })

  const inside = (gate: string) =>
    `  - {id: s, type: subworkflow, isolated_state: true, workflow_inline: {name: c, steps: [${gate}]}}\n${others}`
  test.each([
    ['inside of a sub-workflow', '{id: g, type: approval_gate}', 'a s'],
    [
      'two levels down',
      '{id: t, type: subworkflow, workflow_inline: {name: d, steps: [{id: g, type: approval_gate}]}}',
      'a s',
    ],
    ['inside, for its dependents alone', '{id: g, type: approval_gate, hold: dependents}', 'a'],
    ['not a step inside that sleeps', '{id: g, type: sleep, seconds: 5}', 'a'],
  ])('%s', (_, gate, expected) => {
    expect(sources(planOf(inside(gate)), 'b')).toBe(expected)
  })

  test.each(['{id: g, type: sleep, seconds: 1}', '{id: g, type: wait_for, signal: s}'])('%s is none', (step) => {
    expect(sources(planOf(`  - ${step}\n${others}`), 'b')).toBe('a')
  })
})

test('scheduling: layers makes every layer wait for the one before', () => {
  const plan = planOf(others + tool('x') + tool('y', 'x'), 'scheduling: layers')
  expect(sources(plan, 'b')).toBe('a x')
  expect(sources(plan, 'y')).toBe('a x')
  expect(sources(plan, 'c')).toBe('b y')
  expect(plan.byId.get('c')?.dependsOn).toHaveLength(1)
})

test('more edges than a plan may have are refused', () => {
  const wide = (count: number, id: string, dependsOn: string) =>
    Array.from({ length: count }, (_, index) => tool(`${id}${index}`, ...(dependsOn === '' ? [] : [dependsOn]))).join(
      '',
    )
  expect(() => planOf(wide(1_100, 'a', '') + wide(1_000, 'b', 'a0'), 'scheduling: layers')).toThrow(
    expect.objectContaining({ code: 'workflow/limit' }),
  )
})
