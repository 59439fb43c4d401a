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
const stepKind = fc.constantFrom('llm', 'tool', 'call', 'route' as const)
const plans = fc.record({
  ids: fc.uniqueArray(
    id.filter((name) => !['constructor', 'prototype'].includes(name)),
    { minLength: 1, maxLength: 12 },
  ),
  kinds: fc.array(stepKind, { minLength: 12, maxLength: 12 }),
  texts: fc.array(anyText, { minLength: 12, maxLength: 12 }),
  values: fc.array(plain, { minLength: 12, maxLength: 12 }),
  picks: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
  config: fc.record(
    {
      model: anyText,
      budgetUsd: fc.constantFrom(0, 0.25, 3),
      maxConcurrentSteps: fc.integer({ min: 1, max: 5 }),
      stream: fc.boolean(),
    },
    { requiredKeys: [] },
  ),
})

test('the builder and YAML give the same plan', () => {
  fc.assert(
    fc.property(plans, ({ ids, kinds, texts, values, picks, config }) => {
      const workflow = defineWorkflow(
        { name: texts[0] ?? '', input: z.object({ seed: z.string().default(texts[1] ?? '') }), config },
        (w) => {
          const refs: Ref<string>[] = [w.input.seed]
          const outputs: Record<string, AnyRef> = {}
          const targets: Ref<string>[] = []
          for (const [index, stepId] of ids.entries()) {
            const said = texts[index] ?? ''
            const picked = refs[(picks[index] ?? 0) % refs.length] ?? w.input.seed
            const value = values[index] ?? null
            const target = targets.pop()
            const ref = (() => {
              if (kinds[index] === 'tool')
                return w.tool<string>(stepId, said, { value, picked, written: text`${said}${picked}` })
              if (kinds[index] === 'call')
                return w.call(stepId, echo, { nested: [value, { picked, written: text`${picked} ${said}` }] })
              if (kinds[index] === 'route' && target !== undefined) {
                const condition = or(
                  and(eq(w.input.seed, said), not(isNull(w.input.seed))),
                  contains(lower(w.input.seed), said),
                  gt(length(w.input.seed), 3),
                )
                return w.route(stepId, { when: [[condition, target]] })
              }
              return w.llm(stepId, {
                prompt: text`x${said} ${picked}`,
                system: said,
                retry: { maxRetries: index },
                timeoutSeconds: index / 2,
              })
            })() as Ref<string> // only its name is used
            // Whoever is a target must not be what the router waits for.
            if (kinds[index] === 'route' || target !== undefined) refs.push(ref)
            else targets.push(ref)
            if (index % 2 === 0) outputs[`out_${index}`] = ref
          }
          return outputs
        },
      )
      const { plan } = compileYaml(stringify(workflow.definition.workflow, { version: '1.2' }))
      expect(plan.hash).toBe(workflow.plan.hash)
      expect(canonicalJson(plan.definition.workflow)).toBe(canonicalJson(workflow.definition.workflow))
      expect(plan).toEqual({ ...workflow.plan, definition: plan.definition })
    }),
    { numRuns: 200, seed: 20_260_731 },
  )
})
