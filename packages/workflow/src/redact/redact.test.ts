import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Float, type Value } from '../value/value.ts'
import { matchesGlob, parseGlob } from './glob.ts'
import { parsePatterns, redact, Redactor } from './redact.ts'

const A = '<REDACTED:sha256=ca978112ca1bbdca>' // of "a"
const EMPTY = '<REDACTED:sha256=e3b0c44298fc1c14>'
const hash = (text: string) => redact({ k: text }, ['k']).k

// templates-and-state.md §6.1
test.each<{ of: string; patterns: string[]; from: Value; to: Value }>([
  {
    of: 'a key at any depth',
    patterns: ['k'],
    from: { k: 'a', d: { k: 'a', l: [{ k: 1 }] }, o: 'a' },
    to: { k: A, d: { k: A, l: [{ k: hash('1') }] }, o: 'a' },
  },
  { of: 'null, as the empty text', patterns: ['k'], from: { k: null }, to: { k: EMPTY } },
  { of: 'an empty text', patterns: ['k'], from: { k: '' }, to: { k: EMPTY } },
  {
    of: 'a mapping: each value, one level',
    patterns: ['d'],
    from: { d: { a: { b: 1 }, c: true } },
    to: { d: { a: hash("{'b': 1}"), c: hash('True') } },
  },
  {
    of: 'a list: each element',
    patterns: ['x*'],
    from: { xl: ['a', 2, { q: 1 }, [1, null]] },
    to: { xl: [A, hash('2'), hash("{'q': 1}"), hash('[1, None]')] },
  },
  { of: 'an empty list and mapping', patterns: ['k*'], from: { k: [], ka: {} }, to: { k: [], ka: {} } },
  {
    of: 'paths and sets',
    patterns: ['d.a', 'q?', '[ab]z'],
    from: { d: { a: 'a', b: 'a' }, q1: 'a', q: 'a', az: 'a', cz: 'a' },
    to: { d: { a: A, b: 'a' }, q1: A, q: 'a', az: A, cz: 'a' },
  },
  { of: 'a path is from the root', patterns: ['d.a'], from: { x: { d: { a: 'a' } } }, to: { x: { d: { a: 'a' } } } },
  { of: 'a star goes over dots', patterns: ['x.*'], from: { x: { y: { z: 'a' } } }, to: { x: { y: { z: A } } } },
  {
    of: 'elements of a list have the path of the list',
    patterns: ['l.k'],
    from: { l: [{ k: 'a' }, [{ k: 'a' }]], k: 'a' },
    to: { l: [{ k: A }, [{ k: A }]], k: 'a' },
  },
  { of: 'floats', patterns: ['k'], from: { k: new Float(1) }, to: { k: hash('1.0') } },
  { of: 'big ints', patterns: ['k'], from: { k: 10n ** 20n }, to: { k: hash('100000000000000000000') } },
  { of: 'what is redacted already stays', patterns: ['k'], from: { k: A, l: [A] }, to: { k: A, l: [A] } },
  { of: 'capitals differ', patterns: ['K'], from: { k: 'a' }, to: { k: 'a' } },
  { of: 'no pattern, nothing', patterns: [], from: { k: 'a' }, to: { k: 'a' } },
])('redacts $of', ({ patterns, from, to }) => {
  expect(redact(from, patterns)).toEqual(to)
  expect(redact(redact(from, patterns), patterns)).toEqual(to)
})

test('a value can stand below keys of its own', () => {
  expect(redact('a', ['fetch.output'], ['fetch', 'output'])).toBe(A)
  expect(redact({ k: 'a' }, ['fetch.output.k'], ['fetch', 'output'])).toEqual({ k: A })
  expect(redact('a', ['fetch'], ['fetch', 'output'])).toBe('a')
})

test('the sentinel is the beginning of the SHA-256 of the text', () => {
  expect(redact({ api_key: 'sk-alpha-1234' }, ['api_key'])).toEqual({ api_key: '<REDACTED:sha256=815ff66dd71cccd3>' })
})

test('patterns from the environment', () => {
  expect(parsePatterns(' api_key, *token* ,,  ')).toEqual(['api_key', '*token*'])
  expect(parsePatterns(undefined)).toEqual([])
})

test('tells the secrets that it hides', () => {
  const state = { key: 'sk-1', d: { key: ['sk-2', { x: 'sk-3' }, 4] }, other: 'open', old: A }
  expect(new Redactor(['key', 'old']).secretsIn(state)).toEqual(['sk-1', 'sk-2', 'sk-3'])
})

test.each([
  ['*', '', true],
  ['a*b*c', 'aXXbYYc', true],
  ['a*b*c', 'aXXbYY', false],
  ['?', '😀', true],
  ['[a-c]x', 'bx', true],
  ['[!a-c]x', 'bx', false],
  ['[!a-c]x', 'dx', true],
  ['[]x]', ']', true],
  ['[a-]', '-', true],
  ['[a', '[a', true],
  ['[]', '[]', true],
  ['a.b', 'aXb', false],
  ['*token*', 'my\ntoken', true],
])('the glob %j and %j: %s', (pattern, text, isMatch) => {
  expect(matchesGlob(parseGlob(pattern), text)).toBe(isMatch)
})

test('no glob takes long', () => {
  const glob = parseGlob('*a'.repeat(500))
  expect(matchesGlob(glob, `${'a'.repeat(2_000)}b`)).toBe(false)
})

test('any patterns over any state: same shape, idempotent, never throws', () => {
  const json = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<Value>(null, true, 1, 1.5, 'a', ''),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'a.b', ''), tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value
  fc.assert(
    fc.property(
      json,
      fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?', '[', ']', '!', '-') })),
      (value, patterns) => {
        const once = redact(value, patterns)
        expect(redact(once, patterns)).toEqual(once)
      },
    ),
  )
})
