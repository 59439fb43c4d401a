import { describe, expect, test } from 'vitest'
import type { ValueMap } from '../value/value.ts'
import { ExpressionError } from './errors.ts'
import { evaluateCondition } from './evaluate.ts'
import { parseExpression } from './parse.ts'

const STATE: ValueMap = { n: 6, s: 'aa', tags: ['a', 'b'], owner: { name: 'Ivo' }, none: null }

function failure(text: string, state: ValueMap = STATE): ExpressionError {
  try {
    evaluateCondition(parseExpression(text), state)
  } catch (error) {
    if (error instanceof ExpressionError) return error
    throw error
  }
  throw new Error(`no error: ${text}`)
}

function holds(text: string, state: ValueMap = STATE): boolean {
  return evaluateCondition(parseExpression(text), state)
}

describe('what is not allowed is refused when the text is read', () => {
  test.each([
    'state.n * 2',
    'state.n / 2',
    'state.n % 2',
    'state.n // 2',
    'state.n ** 2',
    'state.n | 1',
    'state.n & 2',
    'state.n << 1',
    '~state.n',
    'state.n @ 1',
    'lambda: True',
    '[t for t in state.tags]',
    '{t for t in state.tags}',
    "any(t == 'a' for t in state.tags)",
    "f'{state.n}'",
    '{1, 2}',
    '(x := 5) > 3',
    'max(*state.tags)',
    '[*state.tags]',
    "int('7', base=8)",
    'await state.n',
    'state.__class__',
    'state._private',
    "state['__class__']",
    "state['_hidden']",
    "__import__('os')",
    '_x',
    "print('hi')",
    "eval('1')",
    'type(state.n)',
    "getattr(state, 'n')",
    'state.text.format_map(state)',
    'state.mro',
    "''.join(state.tags)",
    '(1.5).is_integer()',
    'state[state.n]',
    "state['te' + 'xt']",
    'state.tags[1.0]',
    'state.tags[True]',
    'state.tags[state.n:]',
    'len(state.s)(1)',
    '[len][0](state.s)',
    'state.s.format(state.n)',
    "state.s.constructor('return 1')()",
    "state['__proto__']",
    'False and state.n * 2',
  ])('%s', (text) => {
    expect(() => parseExpression(text)).toThrow(expect.objectContaining({ code: 'expression/forbidden' }))
  })
})

describe('what is no expression is refused with a hint', () => {
  test.each([
    ['', null],
    ['   ', null],
    ['#', null],
    ['state.n ==', null],
    ['state.n = 6', 'write == to compare'],
    ['state.n === 6', 'write =='],
    ['state.n && True', 'write and'],
    ['state.n || 1', 'write or'],
    ['!state.n', 'write not'],
    ['state.n ? 1 : 0', 'write A if CONDITION else B'],
    ['(state.n > 5', null],
    ['state.n > 5)', null],
    ['import os', null],
    ['state..n', null],
    ["'open", null],
    ['state.n; 1', null],
    ['08 == 8', 'write 8 for 08, or 0o10 for an octal number'],
    ['state.class == 1', "write ['class'] instead of .class"],
    ['1 if 2', 'write A if CONDITION else B'],
    ['\u00a0state.n', null],
    ['\ufeffstate.n', null],
    ["'\\ud800'", null],
    ['state.n\n== 6', 'put it in parentheses, or write it in one line'],
  ])('%j', (text, help) => {
    const error = failure(text)
    expect(error.code).toBe('expression/syntax')
    expect(error.help).toBe(help)
  })

  test('the place is the offset of what is wrong', () => {
    expect(failure('state.n + ?').offset).toBe(10)
    expect(failure('state.n * 2').offset).toBe(8)
    expect(failure('state.owner.name and state.none.x').offset).toBe(32)
  })
})

describe('limits', () => {
  test.each([
    `${'('.repeat(10_000)}`,
    `${'('.repeat(2_000)}1${')'.repeat(2_000)}`,
    `${'not '.repeat(1_000)}1`,
    `${'-'.repeat(4_000)}1`,
    `1${'+1'.repeat(2_000)}`,
    'a'.repeat(4_097),
    `${'['.repeat(4_000)}`,
    `${'1 if 1 else '.repeat(300)}1`,
    `state${'.a'.repeat(2_000)}`,
  ])('%#: counted by the reader, not by the stack', (text) => {
    expect(() => parseExpression(text)).toThrow(expect.objectContaining({ code: 'expression/limit' }))
  })

  test('64 levels are read', () => {
    expect(holds(`${'('.repeat(63)}1${')'.repeat(63)}`)).toBe(true)
  })

  test.each([
    `state.s${".replace('a','aa')".repeat(28)}`,
    'state.s.ljust(999999999)',
    'state.s.zfill(999999999)',
    'state.s.center(999999999)',
    'state.s.rjust(1000001)',
  ])('%#: no text is made that would be too long', (text) => {
    expect(failure(text).code).toBe('expression/limit')
  })

  test('a long int is neither read nor written', () => {
    expect(failure('int(state.d)', { d: '9'.repeat(1_000_000) }).code).toBe('expression/limit')
    expect(failure('str(state.d)', { d: 10n ** 5_000n }).code).toBe('expression/limit')
    expect(holds('int(state.d) > 0', { d: '9'.repeat(4_300) })).toBe(true)
  })

  test('at most 100,000 steps are taken', () => {
    const big = Array.from({ length: 1_000_000 }, () => 0)
    expect(failure('state.big == state.other', { big, other: [...big] }).code).toBe('expression/limit')
    expect(failure('1 in state.big', { big }).code).toBe('expression/limit')
    expect(failure('max(state.big)', { big }).code).toBe('expression/limit')
    expect(failure("state.s.split('a')", { s: 'a'.repeat(200_000) }).code).toBe('expression/limit')
    expect(holds('len(state.big) == 1000000 and state.big[0] == 0', { big })).toBe(true)
  })

  test('searching is linear, also where both texts are long and alike', () => {
    const text = 'a'.repeat(900_000)
    expect(holds('state.part in state.text', { text, part: `${'a'.repeat(100_000)}b` })).toBe(false)
    expect(holds('state.text.rfind(state.part) == -1', { text, part: `b${'a'.repeat(100_000)}` })).toBe(true)
  })
})

describe('only data is reached', () => {
  test.each([
    'state.constructor',
    'state.toString',
    'state.hasOwnProperty',
    'state.owner.constructor',
    'state.owner.valueOf',
    "state['constructor']",
    'steps.constructor.output',
    'steps.toString.status',
  ])('%s is None', (text) => {
    expect(holds(`${text} is None`)).toBe(true)
  })

  test.each([
    'state.tags.length',
    'state.s.length',
    'state.s.at(0)',
    'state.tags.map',
    'state.n.toFixed(2)',
    'len.name',
    'state.tags.constructor',
  ])('%s does not exist', (text) => {
    expect(failure(text).code).toBe('expression/evaluation')
  })
})

describe('what surely is not meant is told', () => {
  test.each([
    ['state.n == true', "name 'true' is not defined", 'write True'],
    ['n == 5', "name 'n' is not defined", 'values of the state are read as state.n'],
    ['state.n is 5', "'is' compares by identity", 'write ==, or compare with None, True or False'],
    ["[state.n, 'x']", 'a list or tuple with elements is always true', null],
  ])('%s', (text, message, help) => {
    expect(parseExpression(text).warnings).toEqual([expect.objectContaining({ message, help })])
  })

  test('nothing is told where all is well', () => {
    expect(parseExpression('state.n is not None and isinstance(state.n, int)').warnings).toEqual([])
  })
})

describe('references', () => {
  test.each([
    ['state.a.b == 1', [['a', 'b']]],
    [
      "state['a b'][0].c and steps.x.output",
      [
        ['a b', 'c'],
        ['steps', 'x', 'output'],
      ],
    ],
    ['state.s.strip().lower() == state.t[1:]', [['s'], ['t']]],
    ['state == 1 or steps', [null, ['steps']]],
    ["state.steps['my-step'].output", [['steps', 'my-step', 'output']]],
    ['(state.a or state.b).upper() + str([state.c][0])', [['a'], ['b'], ['c']]],
    ['len(1)', []],
  ])('%s', (text, paths) => {
    expect(parseExpression(text).references.map(({ path }) => path)).toEqual(paths)
  })

  test('a reference knows its place in the text', () => {
    const text = "1 < state.a['b'] < 2"
    const [reference] = parseExpression(text).references
    expect(text.slice(reference?.offset, (reference?.offset ?? 0) + (reference?.length ?? 0))).toBe("state.a['b']")
  })
})

test('an int beyond 2^53 stays exact', () => {
  expect(holds('state.big == 9007199254740992', { big: 9007199254740993n })).toBe(false)
  expect(holds('state.big - 1 == 9007199254740992', { big: 9007199254740993n })).toBe(true)
  expect(holds('9007199254740991 + 2 == 9007199254740993')).toBe(true)
})

test('text is ordered by code point', () => {
  expect(holds("'ｚ' < '😀'")).toBe(true)
  expect(holds("'ß'.upper() == 'SS'".replace("'ß'", 'state.u'), { u: 'ß' })).toBe(true)
})

test('a text of the state that looks like a pattern is only text', () => {
  expect(holds("state.s.replace('x', '$&$1') == 'a$&$1b'", { s: 'axb' })).toBe(true)
})
