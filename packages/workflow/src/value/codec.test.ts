import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, parseValue, toPlain, writeValue } from './codec.ts'
import { Float, floatValue, intValue, type Value } from './value.ts'

const key = fc.string({ unit: 'binary' }).filter((text) => text !== '__proto__' && text.isWellFormed())
const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger().map((int) => int + 0),
  fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map(intValue),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(floatValue),
  fc.integer().map((int) => new Float(int)),
  fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
)
const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value')),
    fc.dictionary(key, tie('value'), { noNullPrototype: true }),
  ),
})).value

describe('JSON text of values', () => {
  test.each<[string, Value]>([
    ['1', 1],
    ['1.0', new Float(1)],
    ['1e3', new Float(1000)],
    ['1E-2', 0.01],
    ['-0.0', new Float(-0)],
    ['-0', 0],
    ['9007199254740993', 9007199254740993n],
    ['-100000000000000000000', -100000000000000000000n],
    ['123456789012345.99999999', new Float(123456789012346)],
    ['0.05', 0.05],
    ['["v1.0", 2]', ['v1.0', 2]],
  ])('%s is read as it is meant', (text, wanted) => {
    expect(parseValue(text)).toStrictEqual(wanted)
  })

  test('what was written is read again, the same', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(parseValue(writeValue(value))).toStrictEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  test('written text is JSON with the same numbers', () => {
    const check = (value: Value): void => {
      const noMinusZero = (_key: string, item: unknown): unknown => (item === 0 ? 0 : item) // JSON.stringify has none
      const plain: unknown = JSON.parse(writeValue(value), noMinusZero)
      expect(plain).toEqual(
        JSON.parse(
          JSON.stringify(toPlain(value), (_key, item: unknown) => (typeof item === 'bigint' ? Number(item) : item)),
        ),
      )
    }
    fc.assert(fc.property(anyValue, check))
  })

  test('equal mappings have one canonical text, whatever their order', () => {
    expect(canonicalJson({ b: 1, a: [{ d: new Float(1), c: 2 }] })).toBe('{"a":[{"c":2,"d":1.0}],"b":1}')
    expect(canonicalJson({ a: [{ c: 2, d: new Float(1) }], b: 1 })).toBe('{"a":[{"c":2,"d":1.0}],"b":1}')
  })

  test.each([
    ['{', 'value/syntax'],
    ['[1,]', 'value/syntax'],
    ['NaN', 'value/syntax'],
    ['{"__proto__": {"z": 1}}', 'value/forbidden-key'],
    ['{"\\u005f_proto__": 1}', 'value/forbidden-key'],
    [`${'['.repeat(10_000)}${']'.repeat(10_000)}`, 'value/depth'],
    [`[${'{"a":'.repeat(5_000)}1.0${'}'.repeat(5_000)}]`, 'value/depth'],
    ['9'.repeat(5_000), 'value/syntax'],
  ])('%#: refused', (text, code) => {
    expect(() => parseValue(text)).toThrow(expect.objectContaining({ code }))
  })

  test('brackets in a text are no levels', () => {
    const text = JSON.stringify([`"\\${'['.repeat(5_000)}`])
    expect(parseValue(text)).toEqual([`"\\${'['.repeat(5_000)}`])
  })

  test('nan has no JSON text', () => {
    expect(() => writeValue([new Float(Number.NaN)])).toThrow(expect.objectContaining({ code: 'value/not-json' }))
    expect(() => writeValue([1n, new Float(Infinity)])).toThrow(expect.objectContaining({ code: 'value/not-json' }))
  })
})

test('users’ code gets plain numbers and its own copy', () => {
  const value: Value = { a: [new Float(1), 2.5, 9007199254740993n], b: { c: 'x' } }
  const plain = toPlain(value)
  expect(plain).toStrictEqual({ a: [1, 2.5, 9007199254740993n], b: { c: 'x' } })
  expect(Reflect.get(Object(plain), 'b')).not.toBe(value.b)
})
