import { describe, expect, test } from 'vitest'
import { WorkflowError } from '../diagnostics/workflow-error.ts'
import { positionOf } from '../diagnostics/source.ts'
import { Float, type Value } from '../value/value.ts'
import { readYaml } from './read.ts'

function errorOf(text: string | Uint8Array): WorkflowError {
  try {
    readYaml(text, { file: 'f.yaml' })
  } catch (error) {
    if (error instanceof WorkflowError) return error
    throw error
  }
  throw new Error('it was read')
}

const bomb = [
  'a0: &a0 [x,x,x,x,x,x,x,x,x,x]',
  ...[1, 2, 3, 4, 5, 6, 7, 8].map(
    (n) =>
      `a${n}: &a${n} [${Array(10)
        .fill(`*a${n - 1}`)
        .join(',')}]`,
  ),
].join('\n')
const keys = (count: number) => Array.from({ length: count }, (_, n) => `k${n}: 1`).join('\n')
const levels = (count: number) => Array.from({ length: count }, (_, n) => `${' '.repeat(n)}a:`).join('\n')

// design/bad-input.md, section A.
const refused: readonly [name: string, text: string | Uint8Array, code: string, line: number, column: number][] = [
  ['A1 a bomb of aliases', bomb, 'yaml/alias-limit', 3, 42],
  ['A2 101 harmless aliases', `a: &a 1\nb: [${Array(101).fill('*a').join(', ')}]`, 'yaml/alias-limit', 2, 405],
  ['A3 a value that contains itself', 'a: &a [*a]', 'yaml/cyclic-alias', 1, 8],
  ['A3 a mapping that contains itself', 'a: &a {b: {c: *a}}', 'yaml/cyclic-alias', 1, 15],
  ['an alias of nothing', 'a: *b', 'yaml/alias', 1, 4],
  ['A4 a merge of a number', 'a: {<<: 5}', 'yaml/merge', 1, 5],
  ['A5 a key twice', 'a: 1\na: 2', 'yaml/duplicate-key', 2, 1],
  ['A5 a key twice, as number and text', '1: a\n"1": b', 'yaml/duplicate-key', 2, 1],
  ['A5 a key twice, as null and nothing', 'null: a\n"": b', 'yaml/duplicate-key', 2, 1],
  ['A6 20,000 keys', keys(20_000), 'yaml/limit', 10_001, 7],
  ['A6 20,000 keys in a flow mapping', `a: {${keys(20_000).replaceAll('\n', ', ')}}`, 'yaml/limit', 1, 98_894],
  ['A7 a tag of a language', 'a: !!js/function "x"', 'yaml/tag', 1, 4],
  ['A7 a tag of nobody', 'a: !foo bar', 'yaml/tag', 1, 4],
  ['A7 a tag that runs things', 'a: !!python/object/apply:os.system [ls]', 'yaml/tag', 1, 4],
  ['A8 !!binary', 'a: !!binary aGk=', 'yaml/tag', 1, 4],
  ['A8 !!set', 'a: !!set {x}', 'yaml/tag', 1, 4],
  ['A8 !!omap', 'a: !!omap [x: 1]', 'yaml/tag', 1, 4],
  ['A8 !!timestamp', 'a: !!timestamp 2024-01-02', 'yaml/tag', 1, 4],
  ['A9 a directive', '%YAML 1.1\n---\na: yes', 'yaml/directive', 1, 1],
  ['A11 two marks of byte order', '\uFEFF\uFEFFa: 1', 'yaml/character', 1, 1],
  ['A11 a mark of byte order inside', 'a: 1\n\uFEFFb: 1', 'yaml/character', 2, 1],
  ['A12 CR alone', 'a: 1\rb: 2', 'yaml/syntax', 1, 5],
  ['A13 NUL', 'a: x\0y', 'yaml/character', 1, 5],
  ['A13 BEL', 'a: x\x07y', 'yaml/character', 1, 5],
  ['A15 half a pair, escaped', String.raw`a: "\ud800"`, 'yaml/character', 1, 4],
  ['A15 half a pair, raw', 'a: \ud800', 'yaml/character', 1, 4],
  ['A16 1,000 brackets', `a: ${'['.repeat(1_000)}`, 'yaml/depth', 1, 104],
  ['A16 100,000 brackets', `a: ${'['.repeat(100_000)}`, 'yaml/depth', 1, 104],
  ['A16 2,500 levels of mappings', levels(2_500), 'yaml/depth', 101, 103],
  ['A23 a tab', 'a:\n\tb: 1', 'yaml/syntax', 2, 1],
  ['A23 a no-break space', 'a:\n\u00a0b: 1', 'yaml/syntax', 2, 1],
  ['A24 a comment only', '# x', 'yaml/not-a-mapping', 1, 1],
  ['A24 a list', '- a', 'yaml/not-a-mapping', 1, 1],
  ['A24 a word', 'hello', 'yaml/not-a-mapping', 1, 1],
  ['A24 an empty document', '---\n', 'yaml/not-a-mapping', 1, 4],
  ['A24 two documents', 'a: 1\n---\nb: 2', 'yaml/multiple-documents', 2, 1],
  ['A26 __proto__', '__proto__: {p: 1}', 'workflow/forbidden-key', 1, 1],
  ['A26 __proto__ deep inside', 's:\n  x: {__proto__: 1}', 'workflow/forbidden-key', 2, 7],
  ['A26 a list as key', '? [a, b]\n: 1', 'yaml/key-type', 1, 3],
  ['B13 not a number', 'a: .nan', 'workflow/schema', 1, 4],
  ['B13 infinity', 'a: 1e999', 'workflow/schema', 1, 4],
  ['an unclosed bracket', 'a: [1\nb: 2', 'yaml/syntax', 2, 1],
  ['text with a colon', 'a: Collect the order: now', 'yaml/syntax', 1, 4],
]

describe('refused, with a place', () => {
  test.each(refused)('%s', (_, text, code, line, column) => {
    const [first] = errorOf(text).diagnostics
    expect(first).toMatchObject({ code, line, column, file: 'f.yaml' })
  })

  test('A14 Latin-1, with the offset of the byte', () => {
    const error = errorOf(new Uint8Array([0x61, 0x3a, 0x20, 0xc3, 0xa9, 0xe9, 0x0a]))
    expect(error.code).toBe('file/encoding')
    expect(error.message).toContain('byte 5 ')
  })

  test('A14 UTF-16', () => {
    expect(errorOf(new Uint8Array([0xff, 0xfe, 0x61, 0x00])).code).toBe('file/encoding')
  })

  test('A5 both lines are named', () => {
    expect(errorOf('a: 1\nb: 2\na: 3').message).toContain('given before, in line 1')
  })

  test('A23 the blank that is none is named', () => {
    expect(errorOf('a:\n\u00a0b: 1').message).toContain('U+00A0')
  })

  test('A24 what was found is said', () => {
    expect(errorOf('- a').message).toContain('found a list')
  })

  test('several errors at once', () => {
    expect(errorOf('a: !x 1\nb: !y 2\nc: 1\nc: 2').diagnostics.map(({ code }) => code)).toEqual([
      'yaml/tag',
      'yaml/tag',
      'yaml/duplicate-key',
    ])
  })

  test('aliases of a large value are a bomb too', () => {
    const text = `a: &a "${'x'.repeat(100_000)}"\nb: [${Array(60).fill('*a').join(', ')}]`
    expect(errorOf(text).code).toBe('yaml/limit')
  })

  test('levels behind aliases count', () => {
    const deep = `a: &a ${'['.repeat(60)}${']'.repeat(60)}\nb: &b ${'['.repeat(60)}*a${']'.repeat(60)}`
    expect(errorOf(deep).code).toBe('yaml/depth')
  })
})

describe('YAML 1.2, core', () => {
  const scalars: readonly [text: string, value: Value][] = [
    ['5', 5],
    ['-0', 0],
    ['+5', 5],
    ['017', 17],
    ['0o17', 15],
    ['0x1F', 31],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['1.0', new Float(1)],
    ['1e3', new Float(1_000)],
    ['.5', 0.5],
    ['2.', new Float(2)],
    ['1_000', '1_000'],
    ['12:30:45', '12:30:45'],
    ['2024-03-05', '2024-03-05'],
    ['yes', 'yes'],
    ['on', 'on'],
    ['true', true],
    ['False', false],
    ['~', null],
    ['', null],
    ['"5"', '5'],
    ["'yes'", 'yes'],
    ['!!str 5', '5'],
    ['!!int "5"', 5],
    ['!!float 5', new Float(5)],
  ]
  test.each(scalars)('%s', (text, value) => {
    expect(readYaml(`a: ${text}`).value).toEqual({ a: value })
  })

  test('A10 what readers of YAML 1.1 take otherwise is a warning', () => {
    const { warnings } = readYaml('a: 017\nb: yes\nc: 12:30\nd: 1_000\ne: 1e3\nf: plain\ng: 2024-03-05\nh: "yes"')
    expect(warnings.map(({ code, line }) => [code, line])).toEqual(
      [1, 2, 3, 4, 5].map((line) => ['yaml/old-form', line]),
    )
  })

  test('A4 merges: own keys win, the first source before the second', () => {
    const text = 'a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\nd: {"<<": 1}'
    expect(readYaml(text).value).toMatchObject({ c: { x: 3, y: 1, z: 2 }, d: { '<<': 1 } })
  })

  test('A12 CRLF equals LF', () => {
    expect(readYaml('a: |\r\n  x\r\n  y\r\n').value).toEqual(readYaml('a: |\n  x\n  y\n').value)
  })

  test('A11 one mark of byte order is dropped', () => {
    expect(readYaml('\uFEFFa: 1').value).toEqual({ a: 1 })
    expect(readYaml(new TextEncoder().encode('\uFEFFa: é')).value).toEqual({ a: 'é' })
  })

  test('prototypes are left alone', () => {
    expect(() => readYaml('__proto__: {p: 1}')).toThrow(WorkflowError)
    expect(Object.hasOwn(Object.prototype, 'p')).toBe(false)
    expect(readYaml('constructor: {x: 1}').value).toEqual({ constructor: { x: 1 } })
  })
})

describe('where a value stands', () => {
  const text = [
    'steps:',
    '  - id: a',
    '    prompt: "Answer: {state.x}"',
    '  - id: b',
    '    prompt: |',
    '      First {state.x},',
    '      then {state.x}.',
    'base: &base {one: 1}',
    'more: {<<: *base}',
  ].join('\n')
  const { source } = readYaml(text)
  const at = (...[path, part]: Parameters<typeof source.locate>) => {
    const { offset, length } = source.locate(path, part)
    const { line, column } = positionOf(text, offset)
    return `${line}:${column} ${text.slice(offset, offset + length)}`
  }

  test('a value, a key, a part of a text', () => {
    expect(at(['steps', 1, 'id'])).toBe('4:9 b')
    expect(at(['steps', 0, 'prompt'], 'key')).toBe('3:5 prompt')
    expect(at(['steps', 0, 'prompt'], { index: 9, length: 7 })).toBe('3:23 state.x')
  })

  test('a part of a block text, by its occurrence', () => {
    const value = 'First {state.x},\nthen {state.x}.\n'
    expect(at(['steps', 1, 'prompt'], { index: value.lastIndexOf('state.x'), length: 7 })).toBe('7:13 state.x')
  })

  test('what is not there: the nearest around it', () => {
    expect(at(['steps', 1, 'type'])).toMatch(/^4:5 id: b/)
  })

  test('what came by a merge', () => {
    expect(at(['more', 'one'])).toBe('8:19 1')
  })
})
