import { compileYaml, floatValue, intValue, type Plan } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { MemoryRuntime } from '../testing/memory-runtime.ts'
import { scriptedModel, scriptedTools } from './scripted.fixture.ts'

const SCHEMA =
  '{type: object, required: [team], additionalProperties: false, properties: {team: {enum: [care, sales]}, sure: {type: number}}}'

function planOf(schema = SCHEMA, more = ''): Plan {
  return compileYaml(`
name: t
steps:
  - id: sort
    type: llm_call
    system_prompt: Be brief
    prompt: Who?
    output_schema: ${schema}
    output: sorted
${more}`).plan
}

test('the output is the value of the answer, and the model is told its shape', async () => {
  const { models, requests } = scriptedModel(() => '```json\n{"team": "care", "sure": 1.0}\n```\n')
  const view = await new MemoryRuntime({ models }).run(planOf())
  expect(view.state['sorted']).toEqual({ team: 'care', sure: floatValue(1) })
  expect(requests[0]?.messages[0]?.content).toMatch(
    /^Be brief\n\nAnswer with JSON and nothing else.*"required":\["team"\]/s,
  )
})

test('an answer that does not fit is mended once, and both calls count', async () => {
  const { models, requests } = scriptedModel((_request, count) =>
    count === 0 ? '{"team": "it"}' : '{"team": "sales"}',
  )
  const view = await new MemoryRuntime({ models }).run(planOf())
  expect(view.state['sorted']).toEqual({ team: 'sales' })
  expect(view.steps[0]).toMatchObject({ tokens: 20, costNanoUsd: 200 })
  expect(requests[1]?.messages.slice(2)).toEqual([
    { role: 'assistant', content: '{"team": "it"}', toolCalls: [] },
    {
      role: 'user',
      content:
        'Your answer cannot be used: #/team: Instance does not match any of ["care","sales"].. ' +
        'Answer again, with the corrected JSON and nothing else.',
    },
  ])
})

test('after the second misfit the step fails, and another attempt begins anew', async () => {
  const { models, requests } = scriptedModel((_request, count) => (count < 2 ? 'no JSON' : '{"team": "care"}'))
  const plan = planOf(SCHEMA, '    retry: {max_retries: 1}')
  const view = await new MemoryRuntime({ models }).run(plan)
  expect(view.state['sorted']).toEqual({ team: 'care' })
  expect(requests.map(({ messages }) => messages.length)).toEqual([2, 4, 2])
  expect(view.steps[0]).toMatchObject({ attempts: 2, tokens: 30 })

  const { models: hopeless } = scriptedModel(() => '{}')
  const failed = await new MemoryRuntime({ models: hopeless }).run(planOf(SCHEMA, '    retry: {max_retries: 0}'))
  expect(failed.steps[0]).toMatchObject({ status: 'failed', tokens: 20, error: { code: 'step/output-schema' } })
})

test('a worker lost while the answer is mended asks for no first answer again', async () => {
  let isLost = false
  const { models, requests } = scriptedModel((request) => {
    if (request.messages.length === 2) return 'no JSON'
    if (!isLost) runtime.claims.abort('drain')
    isLost = true
    return '{"team": "care"}'
  })
  const runtime = new MemoryRuntime({ models })
  expect((await runtime.run(planOf())).state['sorted']).toEqual({ team: 'care' })
  expect(requests.map(({ messages }) => messages.length)).toEqual([2, 4, 4])
})

test('with tools, the answer behind the calls has the shape', async () => {
  const { models, requests } = scriptedModel((_request, count) => {
    if (count === 0) return { calls: [{ name: 'read', arguments: {} }] }
    return count === 1 ? 'care, I think' : '{"team": "care"}'
  })
  const { box } = scriptedTools({ read: { run: () => 'x' } })
  const view = await new MemoryRuntime({ models, tools: box }).run(planOf(SCHEMA, '    tools: [{name: read}]'))
  expect(view.state['sorted']).toEqual({ team: 'care' })
  expect(requests.map(({ toolChoice }) => toolChoice)).toEqual(['auto', 'auto', 'none'])
})

test.each([
  ['[1, 2]', '{type: array, items: {type: integer}}', [intValue(1n), intValue(2n)]],
  ['"care"', '{type: string, maxLength: 4}', 'care'],
  ['null', '{type: [string, "null"]}', null],
])('%s fits %s', async (text, schema, value) => {
  const { models } = scriptedModel(() => text)
  expect((await new MemoryRuntime({ models }).run(planOf(schema))).state['sorted']).toEqual(value)
})

test.each([
  ['a pattern that takes for ever', '{pattern: "^(a+)+$"}', `"${'a'.repeat(40)}b"`, /takes longer than 500 ms/],
  ['a schema that bites its tail', '{$ref: "#"}', '1', /cannot be used/],
  ['a pattern that is none', '{pattern: "("}', '"x"', /Invalid regular expression/],
])('%s fails the step for good, and does not hang', async (_what, schema, answer, message) => {
  const { models, requests } = scriptedModel(() => answer)
  const view = await new MemoryRuntime({ models }).run(planOf(schema))
  expect(view.steps[0]).toMatchObject({ status: 'failed', attempts: 1 })
  expect(view.steps[0]?.error?.message).toMatch(message)
  expect(requests).toHaveLength(1)
})
