import {
  AgentloomError,
  compileYaml,
  evaluateCondition,
  parseExpression,
  parseTemplate,
  renderTemplate,
  type ValueMap,
} from '@agentloom/workflow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs, within } from './scale.ts'
import { expressionText, templateText, yamlText } from './texts.ts'

const STATE: ValueMap = {
  n: 5,
  s: '😀 it\'s "é"',
  l: [1, [2.5, null], { k: 'v' }],
  d: { a: { k: true }, items: 1 },
  big: 10n ** 40n,
  steps: { a: { output: { k: [1, 'x'] }, status: 'success' } },
}

/** What only the host could have put into a text. */
const HOST = /native code|\[object |function |=> |Symbol\(|node:internal|at [\w.]+ \(/

/** Nothing that is read may leave anything in the host. */
function expectCleanHost(): void {
  expect(Object.keys(Object.prototype)).toEqual([])
  expect(Reflect.get({}, 'x')).toBeUndefined()
}

/** A value, or an error of ours; anything else is a crash. */
function valueOrOwnError<T>(use: () => T): T | null {
  try {
    return use()
  } catch (error) {
    if (!(error instanceof AgentloomError)) throw error
    expect(error.code).toMatch(/^[a-z]+\/[a-z-]+$/)
    expect(error.message.length).toBeLessThan(20_000)
    return null
  }
}

test('an expression is true, false or refused, whatever it is', { timeout: within(60_000) }, () => {
  const before = JSON.stringify(STATE['d'])
  fc.assert(
    fc.property(expressionText, (text) => {
      const verdict = valueOrOwnError(() => evaluateCondition(parseExpression(text), STATE))
      expect([true, false, null]).toContain(verdict)
      expect(JSON.stringify(STATE['d'])).toBe(before)
    }),
    runs(4_000),
  )
  expectCleanHost()
})

test('a template gives a text of the state, and nothing of the host', { timeout: within(60_000) }, () => {
  fc.assert(
    fc.property(templateText, (text) => {
      const rendered = valueOrOwnError(() => renderTemplate(parseTemplate(text), STATE))
      if (!HOST.test(text)) expect(rendered ?? '').not.toMatch(HOST)
    }),
    runs(4_000),
  )
  expectCleanHost()
})

test('YAML is a plan or refused with places, under compat too', { timeout: within(120_000) }, () => {
  fc.assert(
    fc.property(yamlText, fc.constantFrom(null, 'agentloom' as const), (text, compat) => {
      const compiled = valueOrOwnError(() => compileYaml(text, { compat }))
      if (compiled === null) return
      const { plan } = compiled
      expect(plan.nodes.every(({ sources, index }) => sources.every((source) => source < index))).toBe(true)
      expect(plan.hash).toMatch(/^[0-9a-f]{64}$/)
    }),
    runs(1_500),
  )
  expectCleanHost()
})

test.each<[what: string, text: string]>([
  [
    'a bomb of aliases',
    `a: &a [x, x]\n${'bcdefghijklmnop'
      .split('')
      .map((name, at) => `${name}: &${name} [${`*${'abcdefghijklmnop'.charAt(at)}, `.repeat(9)}]`)
      .join('\n')}`,
  ],
  ['brackets 100,000 deep', `name: w\nsteps: ${'['.repeat(100_000)}`],
  ['mappings 100,000 deep', `name: w\nstate: ${'{a: '.repeat(100_000)}`],
  [
    'lists 5,000 lines deep',
    `name: w\nstate:\n${Array.from({ length: 5_000 }, (_, at) => `${' '.repeat(at)}-`).join('\n')}`,
  ],
  ['9 MiB of text', `name: ${'x'.repeat(9 * 1024 * 1024)}\nsteps: []`],
  ['a million keys', `name: w\nsteps: []\nstate: {${'a: 1, '.repeat(1_000_000)}}`],
  ['20,000 anchors', `name: w\nsteps: []\nstate: [${'&a 1, '.repeat(20_000)}]`],
  ['a key of a megabyte', `name: w\nsteps: []\n${'k'.repeat(1_000_000)}: 1`],
  ['a merge of itself', 'name: w\nstate: &a {<<: *a}\nsteps: []'],
  ['a tag of Python', 'name: !!python/object/apply:os.system ["true"]\nsteps: []'],
])('%s is refused', (_what, text) => {
  expect(valueOrOwnError(() => compileYaml(text))).toBeNull()
})
