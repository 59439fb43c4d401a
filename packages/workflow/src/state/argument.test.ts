import { describe, expect, test } from 'vitest'
import type { Value, ValueMap } from '../value/value.ts'
import { argumentReferences, parseArgument, resolveArgument } from './argument.ts'

const STATE: ValueMap = {
  n: 5,
  l: [3, 'a', 7],
  d: { a: { b: true } },
  'x y': 'spaced',
  body: 'Milk & eggs',
  file: 'note.txt',
}

function resolve(value: Value, recursive = false): Value {
  return resolveArgument(parseArgument(value, { isRecursive: recursive, hasSecrets: true }), STATE)
}

describe('arguments of tools', () => {
  test.each<[Value, Value]>([
    [42, 42],
    [null, null],
    [
      ['{n}', 'state.n'],
      ['{n}', 'state.n'],
    ],
    [{ a: 'state.n' }, { a: 'state.n' }],
    ['state.n', 5],
    ['state.d.a', { b: true }],
    ['state.l[0]', 3],
    ['state.l[-1]', 7],
    ['state.l[9]', null],
    ['state.missing', null],
    ['state.x y', 'spaced'],
    ['State.n', 'State.n'],
    [' state.n', ' state.n'],
    ['state', 'state'],
    ['state of things: state.body', 'state of things: state.body'],
    ['out/{state.file}', 'out/note.txt'],
    ['n is {n}', 'n is 5'],
    ['no fields }} here', 'no fields }} here'],
  ])('%j', (value, wanted) => {
    expect(resolve(value)).toEqual(wanted)
  })

  test.each(['state.n and x', 'state.n ', 'state.gov says... no', "state.of the art, isn't it?"])(
    'a sentence stays as it is: %j',
    (text) => {
      expect(resolve(text)).toBe(text)
    },
  )

  test('a sentence with placeholders is a template', () => {
    expect(resolve('state.{n}')).toBe('state.5')
  })

  test.each(['state.', 'state.a..b', 'state..a'])('%j is a broken path', (text) => {
    expect(() => resolve(text)).toThrow(expect.objectContaining({ code: 'state/path' }))
  })

  test('a broken template is refused when it is read', () => {
    expect(() => parseArgument('Hello {name', { isRecursive: false, hasSecrets: true })).toThrow(
      expect.objectContaining({ code: 'template/syntax' }),
    )
  })
})

describe('arguments of functions', () => {
  test('are resolved at every depth', () => {
    expect(resolve({ a: ['state.n', { b: '{n}!' }], c: 1 }, true)).toEqual({ a: [5, { b: '5!' }], c: 1 })
  })

  test('plain data stays one literal', () => {
    const value = { a: [1, { b: 'text' }] }
    expect(parseArgument(value, { isRecursive: true, hasSecrets: true })).toEqual({ kind: 'literal', value })
  })
})

test('references of an argument', () => {
  const argument = parseArgument(
    { a: 'state.l[0].x', b: ['{state.steps.q.output} {n}'], c: 'state[' },
    { isRecursive: true, hasSecrets: true },
  )
  expect(argumentReferences(argument).map(({ path }) => path)).toEqual([['l', 'x'], ['steps', 'q', 'output'], ['n']])
})
