import { expect, test } from 'vitest'
import { repeatedKey } from './repeated-key.ts'
import { stateFromPairs } from './state-pairs.ts'

test('a pair is split at its first =, and is text', () => {
  expect(Object.fromEntries(stateFromPairs(['a=1', 'b=x=y', 'c=', 'a.b=2', 'd= z ']))).toEqual({
    a: '1',
    b: 'x=y',
    c: '',
    'a.b': '2',
    d: ' z ',
  })
})

test('the last of two pairs wins', () => {
  expect(stateFromPairs(['a=1', 'a=2']).get('a')).toBe('2')
})

test('behind := stands JSON', () => {
  expect(Object.fromEntries(stateFromPairs(['n:=3', 'list:=[1,"a"]', 'nothing:=null']))).toEqual({
    n: 3,
    list: [1, 'a'],
    nothing: null,
  })
})

test.each([
  ['foo', "Invalid state format 'foo'. Use key=value."],
  ['=v', "Invalid state format '=v'. Use key=value."],
  [':=1', "Invalid state format ':=1'. Use key=value."],
  ['', "Invalid state format ''. Use key=value."],
  ['__proto__=x', 'the state key __proto__ is not allowed'],
  ['constructor:=1', 'the state key constructor is not allowed'],
  ['k:={bad', 'column 2: the value is not JSON'],
  ['k:=', 'column 1: the value is not JSON'],
  ['k:={"a":1,"a":2}', "column 8: the key 'a' is given twice"],
])('%j is refused with its place', (pair, message) => {
  expect(() => stateFromPairs([pair])).toThrow(message)
  expect(() => stateFromPairs([pair])).toThrow(expect.objectContaining({ code: 'input/state' }))
})

test.each([
  ['{"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}]}', null],
  ['["a", "a", {"x": "a", "y": "a"}]', null],
  ['{"a": {"b": 1, "b": 2}}', 'b'],
  [String.raw`{"a": 1, "\u0061": 2}`, 'a'],
  [String.raw`{"q\"": 1, "q\"": 2}`, 'q"'],
])('in %s the key given twice is %j', (text, name) => {
  expect(repeatedKey(text)?.name ?? null).toBe(name)
})
