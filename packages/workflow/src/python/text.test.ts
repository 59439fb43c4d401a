import { describe, expect, test } from 'vitest'
import { Float, type Value } from '../value/value.ts'
import { compareText } from './code-points.ts'
import { isTruthy, valuesEqual } from './equal.ts'
import { pythonJson } from './json.ts'
import { asciiRepr, repr, str } from './text.ts'

describe('repr', () => {
  test.each<[Value, string]>([
    [null, 'None'],
    [true, 'True'],
    [12345678901234567890n, '12345678901234567890'],
    [new Float(1e16), '1e+16'],
    [new Float(123456789012345), '123456789012345.0'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1.5e-7, '1.5e-07'],
    [new Float(1e20), '1e+20'],
    [new Float(-0), '-0.0'],
    [new Float(Number.NaN), 'nan'],
    [new Float(-Infinity), '-inf'],
    ["it's", `"it's"`],
    ['say "hi"', `'say "hi"'`],
    [`both ' and "`, `'both \\' and "'`],
    ['back\\slash', `'back\\\\slash'`],
    ['line\nbreak\t\r', `'line\\nbreak\\t\\r'`],
    ['café ☕\u00a0\u200b\x7f', `'café ☕\\xa0\\u200b\\x7f'`],
    ['\u{e0001}', `'\\U000e0001'`],
    [{ a: [1, { b: null }], c: {} }, "{'a': [1, {'b': None}], 'c': {}}"],
  ])('%s', (value, wanted) => {
    expect(repr(value)).toBe(wanted)
  })

  test('str leaves text as it is, ascii escapes what is not ASCII', () => {
    expect(str("it's")).toBe("it's")
    expect(asciiRepr('é ☕ 😀')).toBe(`'\\xe9 \\u2615 \\U0001f600'`)
  })

  test('stops when the text becomes too long', () => {
    const list = Array.from({ length: 1_000 }, () => 'x'.repeat(1_000))
    expect(() => repr(list, 5_000)).toThrow(expect.objectContaining({ kind: 'limit' }))
  })
})

test('canonical JSON is Python’s', () => {
  expect(
    pythonJson({ model: 'demo', extra: {}, temperature: new Float(1), text: 'é😀"\n\x7f', list: [1, 2.5, null] }),
  ).toBe(
    '{"extra": {}, "list": [1, 2.5, null], "model": "demo", "temperature": 1.0, "text": "\\u00e9\\ud83d\\ude00\\"\\n\x7f"}',
  )
  expect(pythonJson({ '😀': 1, ｚ: 2 })).toBe('{"\\uff5a": 2, "\\ud83d\\ude00": 1}')
})

test('text is ordered by code point', () => {
  expect(['😀', 'ｚ', 'a', 'Z', ''].sort(compareText)).toEqual(['', 'Z', 'a', 'ｚ', '😀'])
})

describe('equality and truth', () => {
  test.each<[Value, Value, boolean]>([
    [1, true, true],
    [1, new Float(1), true],
    [0, false, true],
    [0, '', false],
    [null, false, false],
    [9007199254740993n, new Float(9007199254740992), false],
    [100000000000000000000n, new Float(1e20), true],
    [new Float(Number.NaN), new Float(Number.NaN), false],
    [[1, { a: 2 }], [1, { a: new Float(2) }], true],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1 }, { b: 1 }, false],
    [[], {}, false],
  ])('%s == %s is %s', (left, right, wanted) => {
    expect(valuesEqual(left, right)).toBe(wanted)
    expect(valuesEqual(right, left)).toBe(wanted)
  })

  test.each<[Value, boolean]>([
    ['0', true],
    ['', false],
    [[], false],
    [{}, false],
    [[0], true],
    [new Float(-0), false],
    [new Float(Number.NaN), true],
    [null, false],
  ])('%s is %s', (value, wanted) => {
    expect(isTruthy(value)).toBe(wanted)
  })
})
