import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { WorkflowError } from '../diagnostics/workflow-error.ts'
import { writeValue } from '../value/codec.ts'
import { readPlain } from './plain.ts'
import { readFully } from './read.ts'

const rulesFor = () => ({ isYamlOneOne: false, lastKeyWins: false })

/** What the library gives: the value as text, `warns` where it says more than that, `refused`. */
function fully(text: string): string {
  try {
    const { value, warnings, keysNotText } = readFully(text, { file: null, rulesFor })
    return warnings.length > 0 || keysNotText.length > 0 ? 'warns' : writeValue(value)
  } catch (error) {
    if (error instanceof WorkflowError) return 'refused'
    throw error
  }
}
function quickly(text: string): string | null {
  const value = readPlain(text)
  return value === null ? null : writeValue(value)
}

describe('what most files are made of is read quickly, as the library reads it', () => {
  test.each([
    'a: 1\nb: text\nc: 1.0\nd: -5\ne: true\nf: null\ng: ~\nh:\ni: .5\nj: 1e3x\n',
    'a:\n  b:\n    c: x\n  d: y\ne: z',
    'a:\n- 1\n- x\nb:\n  - 2\n  - y\n',
    'a:\n  - id: x\n    b: y\n  - id: z\n    c:\n      - d: 1\n        e: 2\n',
    'a: {b: 1, c: [x, y z, "q", \'r\'], d: {e: {}}}\nf: []\n',
    '# comment\na: x # more\n\n  # odd place\nb: "y" # z\nc: [1] # d\nd:   # e\n  e: 1\n',
    "a: \"it's \\\"so\\\" \\\\ \\n \\t\"\nb: 'it''s'\nc: \"\"\nd: ''\n",
    'a: http://x.y/z?q=1#f\nb: a, b [c] {d} "e"\nc: 10:30am\nd: $HOME/x (y)\n',
    'a: |\n  one\n    two\n\n  three # no comment\n  {state.x}: y\nb: |-\n    x\n\nc: y\n',
    'a:\n  - |\n    x\n  - y\n',
    'a: größe 日本\nb: "😀"\n',
    'a:   spaced   \nb:    "x"   \n-: 1'.replace('\n-: 1', ''),
  ])('%j', (text) => {
    expect(quickly(text)).toBe(fully(text))
  })
})

describe('left to the library', () => {
  test.each([
    'a: &x 1\nb: *x',
    'a: !!str 1',
    'a: yes',
    'a: 0o7',
    'a: 017',
    'a: 1_000',
    'a: 12:30:45',
    'yes: 1',
    '- a: 1\n-  # c\n  - b',
    '1: 2',
    '? a\n: b',
    'a: >\n  x\n',
    'a: |+\n  x\n',
    'a: |2\n   x\n',
    'a: x\n  y',
    'a: "x\n  y"',
    'a: [1,\n  2]',
    'a: b: c',
    'a: b:',
    'a: 1\na: 2',
    '{a: 1}',
    '- a',
    '--- \na: 1',
    '%YAML 1.2\n---\na: 1',
    'a: 1\n...\n',
    'a:\t1',
    'a: .inf',
    'a: 1e999',
    '__proto__: 1',
    '<<: {a: 1}',
    'a: {b: 1, b: 2}',
    'a: "\\x41"',
    'a: "\\u0041"',
    'a: "x" y',
    'a: [x',
    'a: {x}',
    'a: {x: }',
    'a: [x,]',
    "a: 'x",
    'a: @x',
    'a: `x`',
    'a: %x',
    'a:x',
    'a:\n  b: 1\n c: 2',
    ' a: 1',
    'a: |\n\n  x\n',
    'a: |\n  x',
    'a\u00a0: 1',
    '',
    '# only',
    'text',
    'a: {b: c: d}',
    'a: [a b: c]',
    'a: - b',
    '- a: 1',
    'a: |\nb: 1\n',
  ])('%j', (text) => {
    expect(quickly(text)).toBeNull()
  })
})

const SEED = 20_260_731

test('random texts of many marks: the same as the library, or nothing', () => {
  const piece = fc.constantFrom(
    '\n',
    '\n  ',
    '\n    ',
    '\n- ',
    '\n  - ',
    ': ',
    ':',
    ' ',
    ', ',
    ',',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    ' #',
    '#',
    '|',
    '|-\n',
    '|\n    ',
    '>',
    '- ',
    '-',
    'a',
    'b',
    'key',
    'a: ',
    'b: ',
    'c:\n',
    'a: |\n  ',
    'x y',
    '1',
    '-1',
    '1.5',
    'true',
    'null',
    'yes',
    '~',
    '\\',
    '\\n',
    "''",
    '""',
    '&',
    '*',
    '!',
    '%',
    '@',
    '?',
    '<<',
    '=',
    '.',
    '/',
  )
  let read = 0
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), fc.boolean(), (pieces, hasHead) => {
      const text = (hasHead ? 'k:\n  ' : '') + pieces.join('')
      const quick = quickly(text)
      if (quick === null) return
      read += 1
      expect(quick).toBe(fully(text))
    }),
    { numRuns: 30_000, seed: SEED },
  )
  expect(read).toBeGreaterThan(500)
})

test('random lines: the same as the library, or nothing', () => {
  const indent = fc.constantFrom('', '', '  ', '  ', '    ', '      ', ' ')
  const line = fc.constantFrom(
    'a: 1',
    'b:',
    'c: x',
    'd: "x"',
    "e: 'y'",
    '- a',
    '- b: 1',
    '-',
    '- - a',
    '-   c: 2',
    'f: {a: 1}',
    'g: [1, x]',
    'h: |',
    'i: |-',
    'text',
    '# c',
    '',
    'j: x # c',
    'k:  # c',
    '- |',
    '- [a]',
  )
  let read = 0
  fc.assert(
    fc.property(
      fc.array(fc.tuple(indent, line), { maxLength: 12 }),
      fc.constantFrom('', '\n', '\n\n'),
      (lines, end) => {
        const text = lines.map(([blank, content]) => blank + content).join('\n') + end
        const quick = quickly(text)
        if (quick === null) return
        read += 1
        expect(quick).toBe(fully(text))
      },
    ),
    { numRuns: 30_000, seed: SEED },
  )
  expect(read).toBeGreaterThan(500)
})

test('random values as the library writes them', () => {
  const value = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 })
  fc.assert(
    fc.property(value, fc.boolean(), (data, isFlow) => {
      const text = stringify(data, isFlow ? { collectionStyle: 'flow', lineWidth: 0 } : {})
      const quick = quickly(text)
      if (quick !== null) expect(quick).toBe(fully(text))
    }),
    { numRuns: 2_000, seed: SEED },
  )
})
