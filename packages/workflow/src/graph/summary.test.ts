import { expect, test } from 'vitest'
import { compileYaml } from '../compile/from-yaml.ts'
import { summaryOf } from './summary.ts'

test('what validate shows', () => {
  const { plan } = compileYaml(`
name: demo
config: {provider: mock, model: m1, budget_usd: 1.5}
steps:
  - {id: c, type: tool, tool_name: t, depends_on: [a]}
  - {id: b, type: tool, tool_name: t, depends_on: [a]}
  - {id: a, type: tool, tool_name: t}
`)
  expect(summaryOf(plan)).toEqual({
    name: 'demo',
    version: '1.0',
    stepCount: 3,
    provider: 'mock',
    model: 'm1',
    budgetUsd: 1.5,
    layers: [['a'], ['b', 'c']],
  })
})
