import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseStrictJson } from './strict-json.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('whatever JSON.stringify writes is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = JSON.stringify(value)
      fc.pre(!text.includes('__proto__') && !/\d{16}/.test(text) && !text.includes('\\ud'))
      expect(parseStrictJson(bytes(text))).toEqual(JSON.parse(text))
    }),
  )
})

test('blanks, escapes and empty things are read', () => {
  const text = ' { "a" : [ ] , "b\\"}" : { } , "c": [ -1.5e-3 , true , null , "]" , 0, -0.0 ] }\n'
  expect(parseStrictJson(bytes(text))).toEqual(JSON.parse(text))
})

test.each([
  ['', 'http/json', '$'],
  ['{', 'http/json', '$'],
  ["{'a':1}", 'http/json', '$'],
  ['{"a":1}x', 'http/json', '$'],
  ['\ufeff{}', 'http/json', '$'],
  ['{"a":1,"a":2}', 'http/duplicate-key', '$.a'],
  ['{"a":1,"\\u0061":2}', 'http/duplicate-key', '$.a'],
  ['{"a":[{},{"b":{"c":1,"c":1}}]}', 'http/duplicate-key', '$.a.1.b.c'],
  ['{"__proto__":{"z":1}}', 'http/forbidden-key', '$.__proto__'],
  ['{"\\u005f_proto__":1}', 'http/forbidden-key', '$.__proto__'],
  ['{"constructor":{"prototype":{"z":1}}}', 'http/forbidden-key', '$.constructor.prototype'],
  ['{"a":"\\ud800"}', 'http/character', '$.a'],
  ['{"\\udc00":1}', 'http/character', '$.\udc00'],
  ['{"n":[0,9007199254740993]}', 'http/number-not-exact', '$.n.1'],
  ['-9007199254740992', 'http/number-not-exact', '$'],
  ['{"n":1e999}', 'http/number-not-exact', '$.n'],
  ['{"n":1e-999}', 'http/number-not-exact', '$.n'],
])('refused with its place: %s', (text, code, place) => {
  expect(() => parseStrictJson(bytes(text))).toThrow(expect.objectContaining({ code, place, status: 400 }))
})

test('a hundred levels are read, one more is not, and a hundred thousand are refused as well', () => {
  const nested = (levels: number): Uint8Array => bytes('['.repeat(levels) + ']'.repeat(levels))
  expect(() => parseStrictJson(nested(100))).not.toThrow()
  for (const levels of [101, 100_000])
    expect(() => parseStrictJson(nested(levels))).toThrow(expect.objectContaining({ code: 'http/depth' }))
})

test('what is not UTF-8 is refused', () => {
  expect(() => parseStrictJson(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(
    expect.objectContaining({ code: 'http/character' }),
  )
})
