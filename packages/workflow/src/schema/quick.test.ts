import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Value, ValueMap } from '../value/value.ts'
import { quickParse } from './quick.ts'
import { stepShape } from './step-schema.ts'
import { workflowSchema } from './workflow-schema.ts'

// Whatever the quick way reads, it reads as the schema does; what the schema refuses, it leaves alone.

const likely = fc.constantFrom<Value>(
  'a',
  '',
  'tool',
  'llm_call',
  'all',
  '5',
  'yes',
  'auto',
  'approve',
  null,
  true,
  0,
  1,
  5,
  -1,
  2.5,
  ['a'],
  ['a', 5],
  [],
)
const mappings = fc.constantFrom<Value>(
  {},
  { a: 1 },
  { name: 'x' },
  { max_retries: 2, foo: 1 },
  { enabled: 'yes' },
  { key: 'k' },
  { url: 'u' },
  { type: 'tool', tool_name: 't' },
  { expression: 'x', target: 'y' },
)
const value = fc.oneof(
  likely,
  mappings,
  fc.array(mappings, { maxLength: 2 }),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Value>,
)
const step = fc.dictionary(fc.constantFrom(...Object.keys(stepShape), 'foo'), value, {
  maxKeys: 6,
  noNullPrototype: true,
})
const steps = fc.array(
  fc.oneof(
    step.map((more) => ({ id: 'a', type: 'tool', ...more })),
    step,
    value,
  ),
  { maxLength: 3 },
)

test('any workflow', () => {
  let read = 0
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: steps }, value), fc.boolean(), (list, isNamed) => {
      const workflow: ValueMap = { ...(isNamed && { name: 'w' }), steps: list as Value }
      const expected = workflowSchema.safeParse(workflow)
      const quick = quickParse(workflow)
      if (expected.success) expect(quick).toEqual(expected.data)
      else expect(quick).toBeNull()
      if (quick !== null) read += 1
    }),
    { numRuns: 2_000, seed: 20_260_731 },
  )
  expect(read).toBeGreaterThan(150)
})

test('each key with each likely value', () => {
  const values = [...fc.sample(likely, { numRuns: 60, seed: 1 }), ...fc.sample(mappings, { numRuns: 40, seed: 1 })]
  for (const key of Object.keys(stepShape)) {
    for (const one of values) {
      const workflow: ValueMap = { name: 'w', steps: [{ id: 'a', type: 'tool', [key]: one }] }
      const expected = workflowSchema.safeParse(workflow)
      expect(quickParse(workflow)).toEqual(expected.success ? expected.data : null)
    }
  }
})
