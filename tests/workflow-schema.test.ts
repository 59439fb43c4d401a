import { globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Validator } from '@cfworker/json-schema'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { findCases } from './conformance/cases.ts'
import { examplesIn } from './docs/examples.ts'

// docs/workflow.schema.json, as an editor applies it, on workflows that load and on some that do not.

const ROOT = join(import.meta.dirname, '..')
const schema: object = JSON.parse(readFileSync(join(ROOT, 'docs', 'workflow.schema.json'), 'utf8'))
const validator = new Validator(schema, '7', false)

function problemsOf(yaml: string): readonly string[] {
  const { errors } = validator.validate(parse(yaml, { merge: true, uniqueKeys: false, logLevel: 'silent' }))
  return errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`)
}

describe('examples', () => {
  const files = globSync('examples/**/*.yaml', { cwd: ROOT })

  test.each(files)('%s is valid', (file) => {
    expect(problemsOf(readFileSync(join(ROOT, file), 'utf8'))).toEqual([])
  })

  test.each(files)('%s names the schema at its top, by a path that exists', (file) => {
    const top = readFileSync(join(ROOT, file), 'utf8').split('\n').slice(0, 2).join('\n')
    const [, path = ''] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(top) ?? []
    expect(readFileSync(join(ROOT, file, '..', path), 'utf8')).toBe(`${JSON.stringify(schema, null, 2)}\n`)
  })

  test.each(globSync('docs/language/*.md', { cwd: ROOT }))('those of %s are valid', (path) => {
    for (const { yaml } of examplesIn(readFileSync(join(ROOT, path), 'utf8'), path))
      expect(problemsOf(yaml)).toEqual([])
  })
})

test.each([
  ['an unknown key', 'name: w\nstepps: []\nsteps: []'],
  ['an unknown key of a step', 'name: w\nsteps: [{id: a, type: tool, tol_name: x}]'],
  ['an unknown key of a step at the end', 'name: w\nsteps: []\nfinally: [{id: a, type: tool, retry: {max_retrys: 1}}]'],
  [
    'an unknown key of what is done for each item',
    'name: w\nsteps: [{id: a, type: foreach, items: [], step: {type: tool, nam: x}}]',
  ],
  ['an unknown type', 'name: w\nsteps: [{id: a, type: tol}]'],
  ['no steps', 'name: w'],
  ['a condition without target', 'name: w\nsteps: [{id: a, type: router, conditions: [{expression: x}]}]'],
  ['a number for text', 'name: 5\nsteps: []'],
])('an editor marks %s', (_, yaml) => {
  expect(problemsOf(yaml)).not.toEqual([])
})

test('an editor takes keys of your own', () => {
  expect(problemsOf('name: w\nx-owner: me\nsteps: [{id: a, type: tool, tool_name: t, x-note: hi}]')).toEqual([])
})

/** What loads, and an editor marks all the same: misspelt keys, and numbers and flags written as text. */
const STRICTER = new Set([
  '039-unknown-step-key-is-ignored',
  '040-unknown-config-key-is-ignored',
  '050-numbers-written-as-text',
  '052-boolean-written-as-word',
])

const cases = findCases()

describe.skipIf(cases === null)('conformance cases', () => {
  const { folder = '', names = [] } = cases ?? {}
  const outcomeOf = (name: string): unknown =>
    (JSON.parse(readFileSync(join(folder, name, 'expected.json'), 'utf8')) as { outcome: unknown }).outcome
  const loading = names.filter((name) => outcomeOf(name) !== 'load_error' && !STRICTER.has(name))

  test.each(loading)('%s is valid', (name) => {
    for (const file of readdirSync(join(folder, name)).filter((one) => one.endsWith('.yaml'))) {
      expect(problemsOf(readFileSync(join(folder, name, file), 'utf8')), file).toEqual([])
    }
  })
})
