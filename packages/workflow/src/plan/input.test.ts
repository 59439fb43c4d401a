import { describe, expect, test } from 'vitest'
import { compileYaml } from '../compile/from-yaml.ts'
import { WorkflowError } from '../diagnostics/workflow-error.ts'
import { Float, type ValueMap } from '../value/value.ts'
import { checkInput, InputError } from './input.ts'

const planOf = (inputs: string, more = '') => compileYaml(`name: w\nsteps: []\ninputs: ${inputs}\n${more}`).plan
const ticket = planOf(
  '{ticket: {type: string, required: true, description: what they wrote}, tries: {type: integer, default: 2}}',
)

test('inputs are part of the plan, in their order, and their defaults of the state', () => {
  expect(ticket.inputs).toEqual([
    { name: 'ticket', type: 'string', isRequired: true, description: 'what they wrote' },
    { name: 'tries', type: 'integer', isRequired: false, description: '', default: 2 },
  ])
  expect(ticket.state).toEqual({ tries: 2 })
  expect(planOf('{a: {default: null}}', 'state: {a: 1, b: 2}').state).toEqual({ a: null, b: 2 })
  expect(JSON.stringify(planOf('{a: {type: number, default: 1.0}}').state)).toBe('{"a":1.0}')
  expect(planOf('{}').inputs).toEqual([])
  expect(compileYaml('name: w\nsteps: []').plan.inputs).toBeNull()
})

test('steps may name them', () => {
  const text = 'name: w\ninputs: {x: {}}\nsteps: [{id: a, type: llm_call, prompt: "{state.x}"}]'
  expect(compileYaml(text).warnings).toEqual([])
})

describe('a run begins with what is declared', () => {
  test.each<ValueMap>([{ ticket: 'x' }, { ticket: '', tries: 5 }, { ticket: 'x', tries: 10n ** 20n }])(
    '%o',
    (input) => {
      expect(() => checkInput(ticket, input)).not.toThrow()
    },
  )
  test.each<[ValueMap, string, string]>([
    [{}, 'inputs.ticket', 'it is a string'],
    [{ ticket: null }, 'inputs.ticket', 'the workflow declares a string'],
    [{ ticket: 'x', tries: new Float(1) }, 'inputs.tries', 'the workflow declares a integer'],
    [{ ticket: 'x', tires: 1 }, 'inputs.tires', 'did you mean tries?'],
  ])('not with %o', (input, place, help) => {
    expect(() => checkInput(ticket, input)).toThrow(InputError)
    expect(() => checkInput(ticket, input)).toThrow(expect.objectContaining({ code: 'run/input', place, help }))
  })
  test('with anything where nothing is declared', () => {
    expect(() => checkInput(compileYaml('name: w\nsteps: []').plan, { x: 1 })).not.toThrow()
  })
})

test.each([
  ['a default of another type', '{a: {type: string, default: 1}}', 'inputs.a.default'],
  ['an unknown type', '{a: {type: text}}', 'inputs.a.type'],
  ['a reserved name', '{steps: {}}', 'inputs.steps'],
  ['a type alone', '{a: string}', 'inputs.a'],
])('refused: %s', (_, inputs, path) => {
  try {
    planOf(inputs)
    expect.unreachable()
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error
    expect(error.diagnostics.map((one) => one.path)).toEqual([path])
  }
})
