import { expect, test } from 'vitest'
import { evaluateCondition } from '../expression/evaluate.ts'
import { parseExpression } from '../expression/parse.ts'
import { compatFor } from './compat.ts'

const state = {
  tags: ['a', 'b'],
  same: ['a', 'b'],
  nested: [[1], [2]],
  owner: { x: 1 },
  n: 1,
  steps: { s: { output: [[1]], status: 'success' } },
}

/** What an expression says by itself, and under compat; a code where it is refused or fails. */
function both(text: string): readonly (boolean | string)[] {
  return [null, 'agentloom' as const].map((name) => {
    try {
      return evaluateCondition(parseExpression(text, compatFor(name)), state)
    } catch (error) {
      return (error as { code: string }).code
    }
  })
}

// Case 126: lists and mappings are compared by what is in them.
test.each([
  ["state.tags == ['a', 'b']", true, false],
  ['state.tags == state.tags', true, false],
  ['state.tags != state.same', false, true],
  ["state.owner == {'x': 1}", true, false],
  ['[1] in state.nested', true, false],
  ['state.nested[0] in [[1]]', true, false],
  ['[state.tags] == [state.same]', true, false],
  ['state.tags is state.tags', true, false],
  ['steps.s.output == [[1]]', true, true],
  ['[1] in steps.s.output', true, true],
  ["'a' in state.tags", true, true],
  ['[1] == [1]', true, true],
  ['state.n == 1', true, true],
])('%s: %s, under compat %s', (text, plain, compat) => {
  expect(both(text)).toEqual([plain, compat])
})

// Case 127: an index counts from the end.
test.each([
  ["state.tags[-1] == 'b'", true, 'expression/forbidden'],
  ["state['tags'][-1] == 'b'", true, 'expression/forbidden'],
  ["state.tags[+1] == 'b'", true, 'expression/forbidden'],
  ['len(state.tags[-2:]) == 2', true, true],
])('%s: %s, under compat %s', (text, plain, compat) => {
  expect(both(text)).toEqual([plain, compat])
})

// Case 129: what nobody means to write is refused.
test.each([
  ['...', true],
  ['... == ...', true],
  ["b'x' == b'x'", true],
  ["b'x' == 'x'", false],
  ["br'\\d' == b'\\\\d'", true],
  ["b''", false],
  ['1j == 1j', true],
  ['1j == 2j', false],
  ['0j', false],
  ["'\\N{BULLET}' == '•'", true],
  ["'\\N{greek small letter alpha}x' == 'αx'", true],
])('%s: refused, under compat %s', (text, compat) => {
  expect(both(text)).toEqual(['expression/forbidden', compat])
})

test.each(["'\\N{NO SUCH THING}'", "'\\N'", "b'é'", '1jx'])('%s is no expression, compat or not', (text) => {
  expect(both(text)[1]).toBe('expression/syntax')
})
