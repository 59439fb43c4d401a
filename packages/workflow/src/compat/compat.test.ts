import { expect, test } from 'vitest'
import { compileYaml } from '../compile/from-yaml.ts'

const state = (text: string, config = '') =>
  compileYaml(`name: w\n${config}\nsteps: []\nstate:\n  ${text}`, { compat: 'agentloom' }).plan.state

test.each([
  ['on', true],
  ['Off', false],
  ['yes', true],
  ['y', 'y'],
  ['010', 8],
  ['0o17', '0o17'],
  ['0x1F', 31],
  ['0b11', 3],
  ['1_000', 1_000],
  ['12:30', 750],
  ['-1:30', -90],
  ['1e3', '1e3'],
  ['1.5e+3', 1_500],
  ['.5', 0.5],
  ['2024-03-05', '2024-03-05'],
  ["'yes'", 'yes'],
])('YAML 1.1 under compat: %s', (text, value) => {
  expect(JSON.stringify(state(`a: ${text}`)['a'])).toBe(JSON.stringify(value).replace('1500', '1500.0'))
})

test('a key given twice: the last one wins under compat', () => {
  expect(state('city: Lyon\n  city: Nantes')).toEqual({ city: 'Nantes' })
})

test('the file itself can ask for compat', () => {
  const { plan } = compileYaml('name: w\nconfig: {compat: agentloom, timeout: 5}\nsteps: []\nstate: {a: on, a: off}')
  expect(plan.state).toEqual({ a: false })
  expect(plan.definition.compat).toBe('agentloom')
  expect(plan.config.timeoutMs).toBe(null)
})

test('what the Python engine does not know is refused under compat', () => {
  const text = 'name: w\nsteps: [{id: a, type: function, handler: h}]'
  expect(() => compileYaml(text, { compat: 'agentloom' })).toThrow(expect.objectContaining({ code: 'workflow/compat' }))
})
