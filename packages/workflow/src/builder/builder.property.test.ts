import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { z } from 'zod'
import { compileYaml } from '../compile/from-yaml.ts'
import { canonicalJson } from '../value/codec.ts'
import { and, contains, eq, gt, isNull, length, lower, not, or } from './condition.ts'
import { defineFunction } from './define-function.ts'
import { defineWorkflow } from './define-workflow.ts'
import type { AnyRef, Ref } from './ref.ts'
import { secret } from './secret.ts'
import type { StepOptions, Undoing, Work } from './steps.ts'
import { text } from './text.ts'

// A workflow that the builder makes, written out as YAML and read again, is the same plan.

const echo = defineFunction({ name: 'echo', input: z.looseObject({}), run: (input) => input })

// Everything that could go wrong on the way: braces, quotes, line ends, YAML's own words and numbers as texts.
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    '{',
    '}',
    '{{x}}',
    "it's",
    '"',
    'yes',
    '017',
    '1e3',
    'a: b',
    '# c',
    '- d',
    'x\ny\n',
    ' z ',
    '{state.x}',
    '<<',
    '\\',
  ),
)
const id = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,8}$/)
const plain = fc.oneof(
  anyText.filter((value) => !value.startsWith('state.')),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
)
const stepKind = fc.constantFrom(
  ...(['llm', 'tool', 'call', 'route', 'gate', 'workflow', 'file', 'foreach', 'sleep', 'wait', 'secret'] as const),
)
const child = defineWorkflow({ name: 'child', input: z.object({ note: z.string().default('n') }) }, (w) => ({
  said: w.llm('say', { prompt: text`${w.input.note}` }),
}))
const FILES = { 'flows/a.yaml': 'name: a\nsteps: [{id: g, type: approval_gate}]' }
/** Whether each of the things that any step may say is said. */
const extras = fc.record({
  when: fc.boolean(),
  join: fc.boolean(),
  queue: fc.boolean(),
  cache: fc.boolean(),
  compensate: fc.boolean(),
})
const plans = fc.record({
  ids: fc.uniqueArray(
    id.filter((name) => !['constructor', 'prototype', 'finally'].includes(name)),
    { minLength: 1, maxLength: 12 },
  ),
  kinds: fc.array(stepKind, { minLength: 12, maxLength: 12 }),
  texts: fc.array(anyText, { minLength: 12, maxLength: 12 }),
  values: fc.array(plain, { minLength: 12, maxLength: 12 }),
  extras: fc.array(extras, { minLength: 12, maxLength: 12 }),
  hasEnd: fc.boolean(),
  picks: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
  config: fc.record(
    {
      model: anyText,
      budgetUsd: fc.constantFrom(0, 0.25, 3),
      maxConcurrentSteps: fc.integer({ min: 1, max: 5 }),
      stream: fc.boolean(),
      scheduling: fc.constantFrom('dataflow', 'layers'),
      onBudget: fc.constantFrom('stop', 'park'),
      queue: fc.constantFrom('gpu', 'default'),
      concurrency: fc.constantFrom({ key: 'k' }, { key: '{state.seed}', limit: 5, weight: 2 }),
    },
    { requiredKeys: [] },
  ),
})

test('the builder and YAML give the same plan', () => {
  fc.assert(
    fc.property(plans, ({ ids, kinds, texts, values, picks, config, extras: options, hasEnd }) => {
      const workflow = defineWorkflow(
        { name: texts[0] ?? '', input: z.object({ seed: z.string().default(texts[1] ?? '') }), config, files: FILES },
        (w) => {
          const refs: Ref<string>[] = [w.input.seed]
          const outputs: Record<string, AnyRef> = {}
          const targets: Ref<string>[] = []
          for (const [index, stepId] of ids.entries()) {
            const said = texts[index] ?? ''
            const picked = refs[(picks[index] ?? 0) % refs.length] ?? w.input.seed
            const value = values[index] ?? null
            const target = targets.pop()
            const { when, join, queue, cache, compensate } = options[index] ?? {}
            const any: Omit<StepOptions, 'compensate'> & { readonly compensate?: (undo: Undoing) => Work } = {
              ...(when && { when: or(eq(picked, said), isNull(w.input.seed)) }),
              ...(join && { join: index % 2 === 0 ? 'any' : 'all' }),
              ...(queue && { queue: `q${index}`, priority: index }),
              ...(cache && { cache: { key: text`${said} ${picked}`, ...(index > 3 && { ttlSeconds: index }) } }),
              ...(compensate && {
                compensate: (undo: Undoing) =>
                  index % 2 === 0 ? undo.tool(said, { picked }) : undo.workflow(child, { input: { note: said } }),
              }),
            }
            const ref = ((): AnyRef => {
              switch (kinds[index]) {
                case 'tool':
                  return w.tool<string>(stepId, said, { value, picked, written: text`${said}${picked}` }, any)
                case 'secret':
                  return w.tool<string>(stepId, said, { key: secret('KEY'), text: text`${said}${secret('K2')}` }, any)
                case 'call':
                  return w.call(stepId, echo, { nested: [value, { picked, written: text`${picked} ${said}` }] }, any)
                case 'gate':
                  return w.gate(stepId, {
                    ...any,
                    waitSeconds: index,
                    hold: index % 2 === 0 ? 'all' : 'dependents',
                    notify: {
                      url: said,
                      headers: { a: said, b: text`${secret('KEY')}` },
                      body: text`${said} ${picked}`,
                    },
                  })
                case 'workflow':
                  return w.workflow(stepId, child, {
                    ...any,
                    input: { note: text`${said} ${picked}` },
                    isolated: index % 2 === 0,
                    returnKeys: ['said'],
                  })
                case 'file':
                  return w.workflow(stepId, 'flows/a.yaml', any)
                case 'foreach':
                  return w.foreach(
                    stepId,
                    [picked, said.startsWith('state.') ? '' : said, text`${said}`] as readonly string[],
                    (item, each) =>
                      index % 2 === 0
                        ? each.llm({ prompt: text`${item} ${each.index} ${said}`, retry: { maxRetries: index } })
                        : each.call(echo, { item, said: text`${said}` }),
                    { ...any, maxConcurrent: index + 1 },
                  )
                case 'sleep':
                  return index % 2 === 0
                    ? w.sleep(stepId, { ...any, seconds: index / 2 })
                    : w.sleep(stepId, { ...any, until: text`${said} ${picked}` })
                case 'wait':
                  return w.waitFor(stepId, {
                    ...any,
                    signal: text`x${said}${picked}`,
                    timeoutSeconds: index,
                    onTimeout: 'fail',
                  })
                case 'route': {
                  if (target === undefined) break
                  const condition = or(
                    and(eq(w.input.seed, said), not(isNull(w.input.seed))),
                    contains(lower(w.input.seed), said),
                    gt(length(w.input.seed), 3),
                  )
                  return w.route(stepId, { when: [[condition, target]] })
                }
                case 'llm':
                case undefined:
                  break
              }
              return w.llm(stepId, {
                ...any,
                prompt: text`x${said} ${picked}`,
                system: said,
                retry: { maxRetries: index },
                timeoutSeconds: index / 2,
                attachments: [{ source: text`${said}${picked}`, type: 'audio' }, { source: said }],
                thinking: { budgetTokens: index },
                ...(index % 3 === 0 && { outputSchema: z.object({ a: z.number() }) }),
              })
            })() as Ref<string> // only its name is used
            // Whoever is a target must not be what the router waits for.
            if (kinds[index] === 'route' || target !== undefined) refs.push(ref)
            else targets.push(ref)
            if (index % 2 === 0) outputs[`out_${index}`] = ref
          }
          if (hasEnd) {
            w.finally((last) => {
              const seen = last.tool<string>('last-a', 't', {
                said: text`${texts[2] ?? ''} ${refs.at(-1) ?? w.input.seed}`,
              })
              last.llm('last-b', { prompt: text`${seen}` })
            })
          }
          return outputs
        },
      )
      const { plan } = compileYaml(stringify(workflow.definition.workflow, { version: '1.2' }), { files: FILES })
      expect(plan.hash).toBe(workflow.plan.hash)
      expect(canonicalJson(plan.definition.workflow)).toBe(canonicalJson(workflow.definition.workflow))
      expect(plan).toEqual({ ...workflow.plan, definition: plan.definition })
    }),
    { numRuns: 200, seed: 20_260_731 },
  )
})
