import fc from 'fast-check'
import { test } from 'vitest'
import { WorkflowError } from '../diagnostics/workflow-error.ts'
import { compileYaml } from './from-yaml.ts'

const SEED = 20_260_731

/** Whatever the text: a plan, or the one error that users can meet. */
function compilesOrRefuses(text: string): void {
  try {
    compileYaml(text)
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error
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
  fc.assert(fc.property(texts, compilesOrRefuses), { numRuns: 500, seed: SEED })
})

test('a workflow with anything anywhere never crashes the compiler', () => {
  const anything = fc.jsonValue({ maxDepth: 3 })
  const step = fc.record(
    {
      id: fc.oneof(fc.constantFrom('a', 'b', 'c', 'd'), anything),
      type: fc.oneof(fc.constantFrom('llm_call', 'tool', 'router', 'function'), anything),
      depends_on: fc.oneof(fc.array(fc.constantFrom('a', 'b', 'c', 'd')), anything),
      output: fc.oneof(fc.constantFrom('o', 'o.x', 'p[0]', 'state', ''), anything),
      prompt: fc.oneof(fc.constantFrom('{state.o}', '{state', '{o.x}', '{steps}', '{state.steps.a.output}'), anything),
      tool_args: fc.oneof(fc.dictionary(fc.string(), fc.constantFrom('state.o', '{p}', 'state.')), anything),
      conditions: fc.oneof(
        fc.array(
          fc.record({
            expression: fc.constantFrom('state.o == 1', '(', 'lambda: 1'),
            target: fc.constantFrom('a', 'b'),
          }),
        ),
        anything,
      ),
      retry: anything,
      handler: fc.oneof(fc.constant('h'), anything),
      timeout: anything,
    },
    { requiredKeys: [] },
  )
  const workflows = fc.record(
    {
      name: fc.oneof(fc.constant('w'), anything),
      config: fc.oneof(
        fc.record(
          { max_concurrent_steps: fc.constantFrom(1, 2), strict: fc.boolean(), strict_outputs: fc.boolean() },
          { requiredKeys: [] },
        ),
        anything,
      ),
      state: fc.oneof(fc.dictionary(fc.constantFrom('o', 'p', 'constructor'), anything), anything),
      steps: fc.oneof({ weight: 5, arbitrary: fc.array(step, { maxLength: 5 }) }, anything),
    },
    { requiredKeys: ['steps'] },
  )
  // JSON is YAML.
  fc.assert(
    fc.property(workflows, (workflow) => compilesOrRefuses(JSON.stringify(workflow))),
    { numRuns: 500, seed: SEED },
  )
})
