import { compileYaml } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { MemoryRuntime } from '../testing/memory-runtime.ts'

const BRANCHES = `name: w
state: {n: 1}
steps:
  - {id: route, type: router, conditions: [{expression: "state.n == 1", target: taken}], default: left}
  - {id: taken, type: wait_for, signal: none, timeout: 0.001, on_timeout: continue, depends_on: [route]}
  - {id: left, type: approval_gate, depends_on: [route], output: d.left}
`

// What is not there in a mapping is missing; what lies in nothing is an error. Which it is must not depend on what a step reads.
test.each([
  ['state.steps.left is None', true],
  ["state['steps']['left'] is None and state.steps['nobody'] is None", true],
  ["'left' in state.steps", false],
  ['steps.left.output is None', true],
])('behind a router, for a step that was skipped: %s', async (expression, isTrue) => {
  const { plan } = compileYaml(`${BRANCHES}
  - {id: ask, type: router, depends_on: [taken], conditions: [{expression: "${expression}", target: yes}], default: no}
  - {id: yes, type: wait_for, signal: none, timeout: 0.001, on_timeout: continue, depends_on: [ask]}
  - {id: no, type: wait_for, signal: none, timeout: 0.001, on_timeout: continue, depends_on: [ask]}`)
  const view = await new MemoryRuntime({}).run(plan)
  expect(view.steps.find(({ id }) => id === 'ask')).toMatchObject({ error: null, output: isTrue ? 'yes' : 'no' })
})
