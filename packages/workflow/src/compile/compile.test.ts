import { expect, test } from 'vitest'
import { parseDefinition, writeDefinition } from '../plan/definition.ts'
import { compileWorkflow } from './compile.ts'
import { defineFromYaml } from './define.ts'
import { compileYaml } from './from-yaml.ts'

const text = `
name: report
version: '2'
description: d
config:
  provider: mock
  model: m
  budget_usd: '2.5'
  timeout: 1.1
  max_retries: 1
  responses_file: answers.json
  latency_ms: -5
  sandbox: {enabled: true, allowed_schemes: []}
state: {whole: 1.0, n: 1, items: {b: 1, a: 2}}
state_schema: {open: {redact: no}}
steps:
  - {id: a, type: llm_call, prompt: 'Hi {state.n}', timeout: 0, stream: true, temperature: 1, retry: {max_retries: 0, backoff_max: 0.5}}
  - {id: b, type: function, handler: h, depends_on: [a], timeout: 0.0001, input: {x: state.n}}
`

test('settings become what the engine counts with', () => {
  const { plan } = compileYaml(text, { files: { 'answers.json': '{}' } })
  expect(plan).toMatchObject({
    name: 'report',
    version: '2',
    config: {
      budgetNanoUsd: 2_500_000_000,
      timeoutMs: 1_100,
      maxConcurrentSteps: 10,
      mock: { responses: '{}', latencyMs: 0, latencyModel: 'constant' },
      sandbox: { enabled: true, allowedSchemes: ['http', 'https'] },
    },
    redact: [],
  })
  expect(plan.nodes[0]?.step).toMatchObject({
    timeoutMs: null,
    stream: true,
    model: 'm',
    retry: { retriesMax: 0, backoffMaxMs: 500 },
  })
  expect(plan.nodes[1]?.step).toMatchObject({ timeoutMs: 1, retry: { retriesMax: 1, backoffMaxMs: 60_000 } })
})

test('a definition that was stored compiles to the same plan', () => {
  const { definition } = defineFromYaml(text)
  const stored = parseDefinition(writeDefinition(definition))
  expect(compileWorkflow(stored).plan).toEqual(compileWorkflow(definition).plan)
  expect(JSON.stringify(compileWorkflow(stored).plan.state)).toBe('{"whole":1.0,"n":1,"items":{"b":1,"a":2}}')
})

test('the hash depends on what the workflow says, not on how it is written', () => {
  const hash = (yaml: string) => compileYaml(yaml).plan.hash
  const plain = 'name: w\nsteps: [{id: a, type: tool, tool_name: t}]'
  expect(hash(plain)).toMatch(/^[0-9a-f]{64}$/)
  expect(hash("steps: # comment\r\n- {type: tool, tool_name: 't', id: a}\r\nname: w")).toBe(hash(plain))
  expect(hash(plain.replace('t}', 'u}'))).not.toBe(hash(plain))
  expect(hash(`${plain}\nstate: {a: 1}`)).not.toBe(hash(`${plain}\nstate: {a: 1.0}`))
  // The order of a user's keys shows in prompts.
  expect(hash(`${plain}\nstate: {a: 1, b: 2}`)).not.toBe(hash(`${plain}\nstate: {b: 2, a: 1}`))
})

test('what cannot be read loads, and the step fails when it is reached', () => {
  const { plan, warnings } = compileYaml(`
name: w
steps:
  - {id: a, type: llm_call, prompt: 'Hello {name', system_prompt: '{}'}
  - {id: b, type: tool, tool_name: t, tool_args: {x: '}{', y: 1}}
  - {id: c, type: router, conditions: [{expression: 'lambda: 1', target: a}]}
  - {id: d, type: llm_call}
  - {id: e, type: tool}
  - {id: f, type: llm_call, prompt: ''}
`)
  const step = (id: string) => plan.byId.get(id)?.step
  const broken = (code: string, place: string) => ({ broken: expect.objectContaining({ code, place }) as unknown })
  expect(step('a')).toMatchObject({
    prompt: broken('template/syntax', 'steps[0].prompt, character 7'),
    systemPrompt: broken('template/syntax', 'steps[0].system_prompt, character 1'),
  })
  expect(step('b')).toMatchObject({ args: { x: { broken: { code: 'template/syntax' } }, y: { kind: 'literal' } } })
  expect(step('c')).toMatchObject({
    conditions: [{ expression: { broken: { code: 'expression/forbidden' } }, target: 'a' }],
  })
  expect(step('d')).toMatchObject({ prompt: broken('workflow/missing-field', 'steps[3].prompt') })
  expect(step('e')).toMatchObject({ toolName: broken('workflow/missing-field', 'steps[4].tool_name') })
  expect(step('f')).toMatchObject({ prompt: broken('workflow/missing-field', 'steps[5].prompt') })
  expect(warnings.filter(({ code }) => /^(template|expression)\/(syntax|forbidden)|missing/.test(code))).toHaveLength(7)
})

test('errors come with those of their group, all at once', () => {
  const groups = 'name: 5\nsteps: [{id: a, type: tol}, {id: b, type: tool, timeout: x}]'
  expect(() => compileYaml(groups)).toThrow(expect.objectContaining({ errorCount: 3 }))
})
