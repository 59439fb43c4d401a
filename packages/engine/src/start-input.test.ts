import { Float, type InputDeclaration, type Plan } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { inputOf } from './start-input.ts'

const field = (name: string, more: Partial<InputDeclaration> = {}): InputDeclaration => ({
  name,
  type: 'string',
  isRequired: false,
  description: '',
  ...more,
})

function accepted(inputs: readonly InputDeclaration[] | null, given: unknown, state: Plan['state'] = {}): unknown {
  return inputOf({ inputs, state } as Plan, given)
}

test('defaults fill in what was not given, and what is in the state need not be declared', () => {
  const inputs = [field('tone', { default: 'kind' }), field('n', { type: 'integer', default: 3 }), field('open')]
  expect(accepted(inputs, { n: 4, other: true }, { other: false })).toEqual({ tone: 'kind', n: 4, other: true })
  expect(accepted(null, { n: 4 })).toEqual({ n: 4 })
  expect(accepted(inputs, { tone: null })).toEqual({ tone: null, n: 3 })
})

test.each([
  ['string', 'x'],
  ['number', 1.5],
  ['number', 2],
  ['integer', 2],
  ['boolean', false],
  ['list', []],
  ['mapping', {}],
  ['any', [1]],
  ['any', 'x'],
] as const)('a %s may be %o', (type, value) => {
  expect(accepted([field('x', { type })], { x: value })).toEqual({ x: value })
})

test.each([
  ['string', 1],
  ['number', '1'],
  ['number', true],
  ['integer', 1.5],
  ['integer', new Float(2)],
  ['boolean', 0],
  ['list', {}],
  ['mapping', []],
  ['mapping', 'x'],
] as const)('a %s may not be %o, and the error names the field', (type, value) => {
  expect(() => accepted([field('x', { type })], { x: value })).toThrow(
    expect.objectContaining({ code: 'run/bad-input', place: 'input.x' }),
  )
})

test('what is required must be given, and is not found on a prototype', () => {
  const required = [field('constructor', { type: 'any', isRequired: true, description: 'who made it' })]
  const refusal = expect.objectContaining({ code: 'run/bad-input', help: 'constructor: who made it' })
  expect(() => accepted(required, {})).toThrow(refusal)
  expect(() => accepted(required, { constructor: null })).toThrow(refusal)
  expect(accepted(required, { constructor: 1 })).toEqual({ constructor: 1 })
  expect(() => accepted(required, [1])).toThrow(expect.objectContaining({ code: 'run/bad-option' }))
})

test('where the results of steps are kept, nothing else can be', () => {
  expect(() => accepted(null, { steps: 'none' })).toThrow('input.steps: must be a mapping')
  expect(accepted(null, { steps: { old: { output: 1 } } })).toEqual({ steps: { old: { output: 1 } } })
})

test('what is neither declared nor in the state is refused, and what was probably meant is named', () => {
  const refusal = { code: 'run/bad-input', place: 'input.tickt' }
  const attempt = (name: string) => () => accepted([field(name)], { tickt: 'x' }, { other: 1 })
  expect(attempt('ticket')).toThrow(expect.objectContaining({ ...refusal, help: 'did you mean ticket?' }))
  expect(attempt('n')).toThrow(expect.objectContaining({ ...refusal, help: 'declared: n, other' }))
  expect(accepted(null, { tickt: 'x' })).toEqual({ tickt: 'x' })
})
