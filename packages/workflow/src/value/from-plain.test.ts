import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { writeValue } from './codec.ts'
import { fromPlain } from './from-plain.ts'
import { jsonTextBytes } from './json-bytes.ts'
import { Float, type Value } from './value.ts'

class Point {}
const cyclic: Record<string, unknown> = { list: [] }
cyclic['list'] = [{ back: cyclic }]
const revoked = Proxy.revocable({}, {})
revoked.revoke()
const throwing = {
  get a(): never {
    // oxlint-disable-next-line typescript/only-throw-error -- users throw anything
    throw null
  },
}
const endless: object = new Proxy(
  {},
  {
    ownKeys: () => ['a'],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    get: () => endless,
  },
)
const nested = (levels: number): unknown => {
  let value: unknown = []
  for (let level = 1; level < levels; level++) value = [value]
  return value
}

describe('what is kept', () => {
  test.each<[unknown, Value]>([
    [undefined, null],
    [null, null],
    [{ a: undefined, b: 1 }, { b: 1 }],
    [-0, 0],
    [{ d: -0 }, { d: 0 }],
    [1e20, 100000000000000000000n],
    [0.5, 0.5],
    ['😀', '😀'],
    [Object.assign(Object.create(null), { x: 1 }), { x: 1 }],
    [
      { constructor: 1, toString: 2 },
      { constructor: 1, toString: 2 },
    ],
  ])('%#', (plain, wanted) => {
    expect(fromPlain(plain)).toEqual(wanted)
  })

  test('a copy, so that later changes are not seen', () => {
    const inner = { x: 1 }
    const plain = { a: inner, b: [inner] }
    const kept = fromPlain(plain)
    inner.x = 2
    plain.b.push(inner)
    expect(kept).toEqual({ a: { x: 1 }, b: [{ x: 1 }] })
  })

  test('200 levels', () => {
    expect(JSON.stringify(fromPlain(nested(200)))).toBe('['.repeat(200) + ']'.repeat(200))
  })
})

describe('what is refused, with its place', () => {
  test.each<[string, unknown, string, string]>([
    ['a function', () => 1, 'result/not-json', '$'],
    ['a symbol', Symbol('x'), 'result/not-json', '$'],
    ['undefined in a list', { b: [undefined] }, 'result/not-json', '$.b[0]'],
    ['nan', { c: Number.NaN }, 'result/not-json', '$.c'],
    ['infinity', [Infinity], 'result/not-json', '$[0]'],
    ['a bigint', { n: 1n }, 'result/not-json', '$.n'],
    ['a date', new Date(0), 'result/not-json', '$'],
    ['a map', { m: new Map([[1, 2]]) }, 'result/not-json', '$.m'],
    ['a set', new Set([1]), 'result/not-json', '$'],
    ['a pattern', /a/, 'result/not-json', '$'],
    ['an error', new Error('x'), 'result/not-json', '$'],
    ['an object of a class', new Point(), 'result/not-json', '$'],
    ['bytes', { 'a b': new Uint8Array(3) }, 'result/not-json', '$["a b"]'],
    ['a cycle', cyclic, 'result/cyclic', '$.list[0].back'],
    ['6,000 levels', nested(6_000), 'result/depth', `$${'[0]'.repeat(200)}`],
    ['a getter that throws', throwing, 'result/not-json', '$.a'],
    ['toJSON', { toJSON: () => ({}) }, 'result/not-json', '$.toJSON'],
    ['a revoked proxy', revoked.proxy, 'result/not-json', '$'],
    ['an endless proxy', endless, 'result/cyclic', '$.a'],
    // eslint-disable-next-line no-sparse-arrays
    ['a hole', [1, , 3], 'result/not-json', '$[1]'],
    ['half a pair', { t: 'a\ud800' }, 'result/character', '$.t'],
    ['half a pair in a key', { ['\ud800']: 1 }, 'result/character', '$["\\ud800"]'],
    ['__proto__', JSON.parse('{"__proto__": {"z": 1}}'), 'result/forbidden-key', '$.__proto__'],
  ])('%s', (_name, plain, code, place) => {
    expect(() => fromPlain(plain)).toThrow(expect.objectContaining({ code, place }))
  })

  test('what is too large, before it is built', () => {
    let doubled: unknown = [1]
    for (let level = 0; level < 40; level++) doubled = [doubled, doubled]
    const long: unknown[] = []
    long.length = 3e7
    const names = Array.from({ length: 1_000_000 }, (_, index) => `key number ${index}`)
    const described = { enumerable: true, configurable: true, value: 1 }
    const keys = new Proxy({}, { ownKeys: () => names, getOwnPropertyDescriptor: () => described, get: () => 1 })
    for (const plain of [doubled, long, 'x'.repeat(20_000_000), { a: '"'.repeat(6_000_000) }, keys]) {
      expect(() => fromPlain(plain)).toThrow(expect.objectContaining({ code: 'result/too-large' }))
    }
  })

  test('every error of users’ code is final', () => {
    expect(() => fromPlain(() => 1)).toThrow(expect.objectContaining({ retryable: false }))
  })
})

test('the limit is on the bytes of the JSON text, exactly', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (plain) => {
      fc.pre(!JSON.stringify(plain).includes('"__proto__":')) // refused whatever its size
      const bytes = Buffer.byteLength(writeValue(fromPlain(plain)))
      expect(() => fromPlain(plain, { bytesMax: bytes, depthMax: 200 })).not.toThrow()
      expect(() => fromPlain(plain, { bytesMax: bytes - 1, depthMax: 200 })).toThrow(
        expect.objectContaining({ code: 'result/too-large' }),
      )
    }),
  )
})

test('bytes of a text in JSON', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(text.isWellFormed())
      expect(jsonTextBytes(text)).toBe(Buffer.byteLength(JSON.stringify(text)))
    }),
  )
})

test('a whole float of our own programs stays one, anywhere', () => {
  expect(writeValue(fromPlain({ n: new Float(1), l: [new Float(-2)] }))).toBe('{"n":1.0,"l":[-2.0]}')
})
