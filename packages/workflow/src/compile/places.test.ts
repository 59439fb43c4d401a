import { expect, test } from 'vitest'
import { compileYaml } from './from-yaml.ts'

// Where findings stand: line, column and caret, in every form that a text can have in YAML.

function placesIn(yaml: string): readonly string[] {
  return compileYaml(yaml, { file: 'w.yaml' }).warnings.map(({ line, column, excerpt }) => {
    const text = excerpt?.lines.at(-1)?.text ?? ''
    const [from, length] = [(excerpt?.caretColumn ?? 1) - 1, excerpt?.caretLength ?? 0]
    return `${line}:${column} ${text.slice(from, from + length)}`
  })
}

const step = (text: string): string => `name: w\nsteps:\n  - id: a\n    type: llm_call\n    prompt: ${text}\n`

test.each([
  ['plain', 'about {state.nope}', '5:20 state.nope'],
  ['single quotes', "'it''s {state.nope}'", '5:21 state.nope'],
  ['double quotes with escapes', String.raw`"a\tb \"c\" {state.nope}"`, '5:26 state.nope'],
  ['a block of lines', '|\n      first\n      second {state.nope}', '7:15 state.nope'],
  ['a folded block', '>-\n      first\n      second {state.nope}', '7:15 state.nope'],
  ['a block with deeper lines', '|\n      first\n        deeper {state.nope}', '7:17 state.nope'],
  ['a plain text over lines', 'first\n      second {state.nope}', '6:15 state.nope'],
  ['the second of two that are the same', 'x {state.nope:>5} y {state.nope}', '5:16 state.nope|5:34 state.nope'],
])('%s', (_, text, places) => {
  expect(placesIn(step(text)).join('|')).toBe(places)
})

test('errors of templates and expressions point into lines of a block', () => {
  expect(placesIn(step('|\n      fine\n      {state.a'))).toEqual(['7:7 {'])
  const router = (text: string): string =>
    `name: w\nstate: {a: 1}\nsteps:\n  - id: r\n    type: router\n    conditions:\n      - target: b\n        expression: ${text}\n  - {id: b, type: tool, tool_name: t, depends_on: [r]}\n`
  expect(placesIn(router('>-\n          state.a == 1\n          and lambda: 2'))).toEqual(['10:15 l'])
  expect(placesIn(router('"state.a = 1"'))).toEqual(['8:30 ='])
})

test('texts inside lists and mappings have places of their own', () => {
  const yaml =
    'name: w\nsteps:\n  - id: f\n    type: function\n    handler: h\n    input:\n      list: ["{state.p}", {q: "x {state.inner} y"}]\n'
  expect(placesIn(yaml)).toEqual(['7:16 state.p', '7:35 state.inner'])
})

test('errors of several steps come together, each with its line', () => {
  const yaml = 'name: w\nsteps:\n  - {id: a, type: tol}\n  - {id: b, type: tool, timeout: soon}\n  - {id: c}\n'
  expect(() => compileYaml(yaml)).toThrow(
    expect.objectContaining({
      errorCount: 3,
      diagnostics: [3, 4, 5].map((line) => expect.objectContaining({ line }) as unknown),
    }),
  )
})
