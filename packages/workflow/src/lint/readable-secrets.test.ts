import { expect, test } from 'vitest'
import { compileYaml } from '../compile/from-yaml.ts'
import { lintPlan } from './lint.ts'

const helps = (schema: string): readonly (string | null)[] =>
  lintPlan(
    compileYaml(
      `name: w\nstate_schema: {${schema}}\nsteps:\n  - {id: fetch, type: tool, tool_name: file_read, tool_args: {path: a}, output: login.key}`,
    ).plan,
  ).flatMap(({ code, help }) => (code === 'lint/readable-secret' ? [help] : []))

test('a step that writes to a redacted key shows its value itself', () => {
  expect(helps('key: {redact: true}')).toEqual([
    "add 'fetch.output: {redact: true}' and 'steps.fetch.output: {redact: true}' to state_schema",
  ])
  expect(helps('login.*: {redact: true}, fetch.output: {redact: true}')).toEqual([
    "add 'steps.fetch.output: {redact: true}' to state_schema",
  ])
  expect(helps('key: {redact: true}, "*fetch.output": {redact: true}')).toEqual([])
  expect(helps('other: {redact: true}')).toEqual([])
  expect(helps('key: {redact: false}')).toEqual([])
})
