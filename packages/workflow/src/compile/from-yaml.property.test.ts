import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WorkflowError } from '../diagnostics/workflow-error.ts'
import { STEP_TYPES } from '../schema/step-schema.ts'
import { compileYaml } from './from-yaml.ts'

const SEED = 20_260_731

/** Whatever the text: a plan, or the one error that users can meet. */
function compilesOrRefuses(text: string): boolean {
  try {
    compileYaml(text)
    return true
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error
    return false
  }
}

// Pieces that mean something to YAML or to the format, so that random texts get past the first line.
const piece = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '\n',
      '\n  ',
      '\n    ',
      ': ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ', ',
      '"',
      "'",
      '# ',
      '|\n',
      '>-\n',
      '? ',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '&a ',
      '*a',
      '<<: ',
      '!!str ',
      '!x ',
      '---\n',
      '...\n',
      '%YAML 1.2\n',
      '\t',
      '\r\n',
      '\u00a0',
      '~',
      '.inf',
      '0x',
      '1e999',
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'name',
      'steps',
      'id',
      'type',
      'llm_call',
      'router',
      'prompt',
      '{state.x}',
      'depends_on',
      'conditions',
      'config',
      'strict',
      'true',
      'null',
      '__proto__',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 5 }) },
)

test('random text never crashes the reader', () => {
  const texts = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(texts, (text) => void compilesOrRefuses(text)),
    { numRuns: 500, seed: SEED },
  )
})

test('a workflow with anything anywhere never crashes the compiler', () => {
  const anything = fc.jsonValue({ maxDepth: 1 })
  /** Mostly what belongs there: else hardly any workflow would get past the schema. */
  const often = <T>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 40, arbitrary: usual }, { weight: 1, arbitrary: other })
  const step = fc.record(
    {
      id: often(fc.constantFrom('a', 'b', 'c', 'd'), anything),
      type: often(fc.constantFrom(...STEP_TYPES), anything),
      depends_on: often(fc.array(fc.constantFrom('a', 'b', 'c', 'd')), anything),
      output: often(fc.constantFrom('o', 'o.x', 'p[0]', 'state', ''), anything),
      prompt: often(fc.constantFrom('{state.o}', '{state', '{o.x}', '{steps}', '{state.steps.a.output}'), anything),
      tool_args: often(fc.dictionary(fc.string(), fc.constantFrom('state.o', '{p}', 'state.')), anything),
      conditions: often(
        fc.array(
          fc.record({
            expression: fc.constantFrom('state.o == 1', '(', 'lambda: 1'),
            target: fc.constantFrom('a', 'b'),
          }),
        ),
        anything,
      ),
      retry: often(fc.constantFrom({}, { max_retries: 1 }), anything),
      handler: often(fc.constant('h'), anything),
      when: often(fc.constantFrom('state.o', '('), anything),
      cache: often(fc.constantFrom({ key: '{state.o}' }, { key: '{', ttl: 1 }), anything),
      compensate: often(fc.constantFrom({ type: 'tool', tool_name: '{o}' }, { type: 'subworkflow' }), anything),
      items: often(fc.constantFrom('state.o', '{o}', [1, '{']), anything),
      step: often(fc.constantFrom({ type: 'llm_call', prompt: '{item}' }, { type: 'router' }), anything),
      seconds: often(fc.constantFrom(0, 1), anything),
      until: often(fc.constantFrom('{o', '{state.o}'), anything),
      signal: often(fc.constant('s-{state.o}'), anything),
      input: often(fc.constantFrom({ a: ['{', 'state.'] }, { o: 'state.o' }), anything),
      isolated_state: often(fc.boolean(), anything),
      workflow_path: often(fc.constantFrom('a.yaml', ''), anything),
      workflow_inline: often(
        fc.constantFrom<unknown>(
          { name: 'c', steps: [{ id: 'a', type: 'approval_gate' }] },
          { name: 'c', config: { strict: true }, steps: [{ id: 'x', type: 'llm_call', prompt: '{state.q}' }] },
          { steps: [{ id: 'b', type: 'subworkflow', workflow_inline: { config: 5 } }] },
        ),
        anything,
      ),
      notify: often(fc.constant({ url: 'u', headers: { a: '{secrets.X}' }, body_template: '{' }), anything),
      queue: often(fc.constant('q'), anything),
      priority: often(fc.constant(1), anything),
      timeout: often(fc.constantFrom(0, 5), anything),
    },
    { requiredKeys: [] },
  )
  const workflows = fc.record(
    {
      name: often(fc.constant('w'), anything),
      config: often(
        fc.record(
          { max_concurrent_steps: fc.constantFrom(1, 2), strict: fc.boolean(), strict_outputs: fc.boolean() },
          { requiredKeys: [] },
        ),
        anything,
      ),
      state: often(fc.dictionary(fc.constantFrom('o', 'p', 'constructor'), anything), anything),
      finally: often(fc.array(step, { maxLength: 2 }), anything),
      inputs: often(fc.constantFrom<unknown>({ o: { type: 'string', default: 5 } }, { p: {} }), anything),
      steps: often(fc.array(step, { maxLength: 4 }), anything),
    },
    { requiredKeys: ['steps'] },
  )
  let compiled = 0
  // JSON is YAML.
  fc.assert(
    fc.property(workflows, (workflow) => {
      if (compilesOrRefuses(JSON.stringify(workflow))) compiled += 1
    }),
    { numRuns: 400, seed: SEED },
  )
  expect(compiled).toBeGreaterThan(10)
})
