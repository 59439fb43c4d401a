import { describe, expect, test } from 'vitest'
import { compileYaml } from '../compile/from-yaml.ts'
import type { Diagnostic } from './diagnostic.ts'
import { formatDiagnostic, formatDiagnostics } from './format.ts'
import { editDistance, nearest } from './nearest.ts'
import { pathText } from './path.ts'
import { described, shown } from './shown.ts'
import { excerptOf } from './source.ts'
import { WorkflowError } from './workflow-error.ts'

const yaml = `name: triage
state: {ticket: ""}
steps:
  - id: answer
    type: llm_call
    prompt: "Answer kindly: {state.tickt}"
`

test('a warning in the form of the project', () => {
  const { warnings } = compileYaml(yaml, { file: 'triage.yaml' })
  expect(formatDiagnostics(warnings)).toBe(
    [
      'warning  workflow/unknown-reference   (an error with strict: true, and in the TypeScript builder)',
      '  triage.yaml:6:30  steps[0].prompt',
      '   5 │     type: llm_call',
      '   6 │     prompt: "Answer kindly: {state.tickt}"',
      '     │                              ^^^^^^^^^^^ nothing writes state.tickt',
      '  help: did you mean state.ticket (initial state)?',
      '  docs: docs/errors.md#workflow-unknown-reference',
    ].join('\n'),
  )
})

test('an error without text has its path', () => {
  const error = new WorkflowError([
    { ...diagnostic('workflow/schema', '`name` is missing'), path: 'name', line: null, column: null, excerpt: null },
  ])
  expect(error.message).toBe(
    'error  workflow/schema\n  name\n  `name` is missing\n  docs: docs/errors.md#workflow-schema',
  )
  expect(error).toMatchObject({ code: 'workflow/schema', place: 'name', retryable: false })
})

test('colours go around, not into, the text', () => {
  const [warning] = compileYaml(yaml).warnings
  if (warning === undefined) throw new Error('no warning')
  const painted = formatDiagnostic(warning, { paint: (text, kind) => `<${kind}>${text}</>` })
  expect(painted).toContain('<warning>warning</>  <code>workflow/unknown-reference</>')
  expect(painted).toContain('<caret>^^^^^^^^^^^</>')
})

test('twenty are listed, the others counted', () => {
  const many = Array.from({ length: 25 }, () => diagnostic('workflow/schema', 'x'))
  const text = formatDiagnostics(many, { total: 1_000 })
  expect(text.match(/^error/gm)).toHaveLength(20)
  expect(text.endsWith('\n\nand 980 more')).toBe(true)
})

test('a line of a megabyte is shown around the caret', () => {
  const text = `a: "${'x'.repeat(500_000)}y${'x'.repeat(500_000)}"`
  const excerpt = excerptOf(text, { offset: 500_004, length: 1 })
  expect(excerpt.lines[0]?.text.length).toBe(120)
  expect(excerpt.lines[0]?.text[excerpt.caretColumn - 1]).toBe('y')
})

test('columns count code points', () => {
  expect(excerptOf('a: "😀😀!"', { offset: 8, length: 1 })).toMatchObject({ caretColumn: 7, caretLength: 1 })
})

describe('values in messages', () => {
  test('control characters are escaped, long ones cut', () => {
    expect(shown('a\n\u001b[31m\u202e\ud800')).toBe(String.raw`a\n\u{1b}[31m\u{202e}\u{d800}`)
    expect(shown('x'.repeat(1_000))).toBe(`${'x'.repeat(200)}…`)
  })

  test('kinds are named', () => {
    expect([undefined, null, true, 5, 5n, 'a', [], {}].map(described)).toEqual([
      'nothing',
      'null',
      'the boolean true',
      'the number 5',
      'the number 5',
      "the text 'a'",
      'a list',
      'a mapping',
    ])
  })

  test('paths', () => {
    expect(pathText(['steps', 3, 'conditions', 0, 'a b', 'x-y'])).toBe('steps[3].conditions[0]["a b"].x-y')
  })
})

describe('suggestions', () => {
  test.each([
    ['dependson', ['depends_on', 'output'], 'depends_on'],
    ['max_retry', ['max_retries', 'model'], 'max_retries'],
    ['tpye', ['type', 'id'], 'type'],
    ['x', ['a', 'b'], 'a'],
    ['colour', ['model', 'output'], null],
    ['', ['a'], null],
    ['k'.repeat(100_000), ['k'], null],
  ])('%s', (name, candidates, expected) => {
    expect(nearest(name, candidates)).toBe(expected)
  })

  test('distances', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3)
    expect(editDistance('ab', 'ba')).toBe(1)
    expect(editDistance('', 'abc')).toBe(3)
    expect(editDistance('abcdefgh', 'zzzzzzzz', 3)).toBe(3)
  })
})

function diagnostic(code: Diagnostic['code'], message: string): Diagnostic {
  return { severity: 'error', code, message, help: null, file: null, line: null, column: null, path: '', excerpt: null }
}
