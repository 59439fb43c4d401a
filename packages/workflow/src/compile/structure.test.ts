import { describe, expect, test } from 'vitest'
import { WorkflowError } from '../diagnostics/workflow-error.ts'
import type { Definition } from '../plan/plan.ts'
import type { Value, ValueMap } from '../value/value.ts'
import { compileWorkflow } from './compile.ts'
import { compileYaml } from './from-yaml.ts'

function definition(steps: readonly ValueMap[], config: ValueMap = {}): Definition {
  return { format: 1, workflow: { name: 'w', config, steps }, compat: null, files: {} }
}
const step = (id: string, more: ValueMap = {}): ValueMap => ({ id, type: 'tool', tool_name: 't', ...more })

function errorsOf(compile: () => unknown): readonly string[] {
  try {
    compile()
    return []
  } catch (error) {
    if (error instanceof WorkflowError) return error.diagnostics.map(({ code, message }) => `${code} ${message}`)
    throw error
  }
}
const errors = (steps: readonly ValueMap[], config?: ValueMap) =>
  errorsOf(() => compileWorkflow(definition(steps, config)))
const warnings = (steps: readonly ValueMap[], config?: ValueMap) =>
  compileWorkflow(definition(steps, config)).warnings.map(({ code, path }) => `${code} ${path}`)

describe('B1 cycles', () => {
  test.each([
    ['of two', [step('a', { depends_on: ['b'] }), step('b', { depends_on: ['a'] })], ['a -> b -> a']],
    ['of one', [step('a', { depends_on: ['a'] })], ['a -> a']],
    [
      'from the first declared, though the walk enters elsewhere',
      [
        step('x', { depends_on: ['c'] }),
        step('a', { depends_on: ['b'] }),
        step('b', { depends_on: ['c'] }),
        step('c', { depends_on: ['a'] }),
      ],
      ['a -> b -> c -> a'],
    ],
    [
      'two of them, and steps that are in none',
      [
        step('free'),
        step('a', { depends_on: ['b'] }),
        step('b', { depends_on: ['a', 'free'] }),
        step('c', { depends_on: ['c', 'a'] }),
      ],
      ['a -> b -> a', 'c -> c'],
    ],
  ])('%s', (_, steps, expected) => {
    expect(errors(steps)).toEqual(expected.map((cycle) => `workflow/cycle ${cycle}`))
  })

  test('of 100,000 steps, without recursion; the message stays short', () => {
    const steps = Array.from({ length: 100_000 }, (_, n) => step(`s${n}`, { depends_on: [`s${(n + 1) % 100_000}`] }))
    const [message = ''] = errors(steps)
    expect(message).toMatch(/^workflow\/cycle s0 -> s1 -> .* … .*-> s99999 -> s0$/)
    expect(message.length).toBeLessThan(300)
  })
})

describe('limits', () => {
  test('B3 a chain of 100,000 steps, declared in reverse', () => {
    const chain = Array.from({ length: 100_000 }, (_, n) => step(`s${n}`, n === 0 ? {} : { depends_on: [`s${n - 1}`] }))
    const { plan } = compileWorkflow(definition(chain.toReversed()))
    expect(plan.nodes.at(-1)).toMatchObject({ id: 's99999', layer: 99_999, index: 99_999, sources: [99_998] })
    expect(plan.roots).toEqual([0])
    expect(plan.widthBound).toBe(1)
  })

  test('100,001 steps', () => {
    expect(errors(Array.from({ length: 100_001 }, (_, n) => step(`s${n}`)))).toEqual([
      'workflow/limit 100001 steps; a workflow has 100000 at most',
    ])
  })

  test('B4 25 million edges, named one by one', () => {
    const first = Array.from({ length: 5_000 }, (_, n) => step(`a${n}`))
    const all = first.map(({ id }) => id ?? null)
    const second = Array.from({ length: 5_000 }, (_, n) => step(`b${n}`, { depends_on: all }))
    expect(errors([...first, ...second])).toEqual(['workflow/limit more than 1000000 edges between steps'])
  })

  test('B4 as many, found in references', () => {
    const chain = Array.from({ length: 5_000 }, (_, n) =>
      step(`s${n}`, { tool_args: { all: '{state}' }, depends_on: n === 0 ? [] : [`s${n - 1}`] }),
    )
    expect(errors(chain)).toEqual(['workflow/limit more than 1000000 edges between steps'])
    const beside = Array.from({ length: 5_000 }, (_, n) => step(`s${n}`, { tool_args: { all: '{state}' } }))
    expect(errors(beside, { max_concurrent_steps: 1 })).toEqual([
      'workflow/limit more than 1000000 edges between steps',
    ])
  })

  test('B23 a list of 100,000 wrong entries', () => {
    const steps = Array.from({ length: 100_000 }, (_, n): Value => n) as unknown as readonly ValueMap[] // wrong on purpose
    const error = (() => {
      try {
        return compileWorkflow(definition(steps))
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toMatchObject({ code: 'workflow/schema', errorCount: 100_000 })
    expect((error as WorkflowError).message.endsWith('and 99980 more')).toBe(true)
    expect((error as WorkflowError).message.length).toBeLessThan(5_000)
  })
})

describe('ids', () => {
  test.each([
    ['B5 __proto__', '__proto__'],
    ['B5 constructor', 'constructor'],
    ['B5 prototype', 'prototype'],
    ['B7 a slash', 'a/b'],
    ['B7 a path', '../x'],
    ['B7 a line end', 'a\n'],
    ['B7 a line end and more', 'a\n../x'],
    ['B9 129 characters', 'x'.repeat(129)],
  ])('refused: %s', (_, id) => {
    expect(errors([step(id)])).toEqual([expect.stringMatching(/^workflow\/bad-id /)])
  })

  test.each([
    ['B6 Cyrillic', 'аpprove', 'U+0430 at character 1'],
    ['B6 an invisible blank', 'a\u200b', 'U+200B at character 2'],
    ['B6 an accent', 'café', 'U+00E9 at character 4'],
    ['B7 a colon', 'a:b', "':' at character 2"],
    ['B7 a blank', 'a b', 'U+0020 at character 2'],
    ['B7 a blank before', ' a', 'U+0020 at character 1'],
    ['B7 nothing', '', 'an empty id'],
    ['a dot', 'a.b', "'.' at character 2"],
    ['a dash at the front', '-a', 'begins with -'],
  ])('loads with a warning, refused under strict: %s', (_, id, found) => {
    const {
      warnings: [warning],
    } = compileWorkflow(definition([step(id)]))
    expect(warning).toMatchObject({ code: 'workflow/bad-id', path: 'steps[0].id' })
    expect(warning?.message).toContain(found)
    expect(errors([step(id)], { strict: true })).toEqual([expect.stringMatching(/^workflow\/bad-id /)])
  })

  test('B5 names of methods are ids like any other', () => {
    const { plan, warnings: found } = compileWorkflow(
      definition([step('toString'), step('hasOwnProperty', { depends_on: ['toString'] })]),
    )
    expect(found).toEqual([])
    expect(plan.byId.get('hasOwnProperty')?.dependsOn).toEqual([0])
  })

  test('B10 the order of numbers as ids is that of their code points', () => {
    const { plan } = compileWorkflow(definition(['2', '10', 'b', '1'].map((id) => step(id))))
    expect(plan.nodes.map(({ id }) => id)).toEqual(['1', '10', '2', 'b'])
  })

  test('ids beyond U+FFFF sort last', () => {
    const { plan } = compileWorkflow(definition(['😀', '\uFF5A', 'a'].map((id) => step(id))))
    expect(plan.nodes.map(({ id }) => id)).toEqual(['a', '\uFF5A', '😀'])
  })

  test('B11 Draft and draft are two', () => {
    expect(errors([step('Draft'), step('draft')])).toEqual([])
  })

  test('one id twice', () => {
    expect(errors([step('a'), step('b'), step('a')])).toEqual(["workflow/duplicate-id steps[0] has the id 'a' too"])
  })
})

describe('references between steps', () => {
  test('an unknown dependency, with a suggestion', () => {
    const error = (() => {
      try {
        compileYaml(
          'name: w\nsteps:\n  - {id: read_invoice, type: tool, tool_name: t}\n  - {id: b, type: tool, depends_on: [read_invoices]}',
        )
      } catch (thrown) {
        return thrown
      }
      return null
    })()
    expect(error).toMatchObject({
      diagnostics: [
        {
          code: 'workflow/unknown-dependency',
          line: 4,
          column: 38,
          help: 'did you mean read_invoice?',
          path: 'steps[1].depends_on[0]',
        },
      ],
    })
  })

  test('B12 a dependency twice is one edge', () => {
    const { plan, warnings: found } = compileWorkflow(definition([step('a'), step('b', { depends_on: ['a', 'a'] })]))
    expect(plan.nodes[1]?.sources).toEqual([0])
    expect(plan.nodes[0]?.edges).toEqual([{ to: 1, isExplicit: true }])
    expect(found.map(({ code }) => code)).toEqual(['workflow/duplicate-dependency'])
  })

  const router = (more: ValueMap): ValueMap => ({ id: 'r', type: 'router', ...more })
  test.each([
    ['itself', [router({ default: 'r' })], ['workflow/router steps[0].default']],
    [
      'a step that does not depend on it',
      [router({ conditions: [{ expression: 'True', target: 'a' }] }), step('a')],
      ['workflow/router steps[0].conditions[0].target'],
    ],
    ['nothing', [router({})], ['workflow/router steps[0]']],
    ['nothing, with an empty default', [router({ default: '' })], ['workflow/router steps[0]']],
  ])('B21 a router that chooses %s', (_, steps, expected) => {
    expect(warnings(steps)).toEqual(expected)
  })

  test('B21 a router that chooses a step that does not exist', () => {
    expect(errors([router({ default: 'nope', conditions: [{ expression: 'True', target: 'no' }] })])).toHaveLength(2)
  })
})

describe('outputs', () => {
  test('the key of the results is a mapping, or not there', () => {
    const yaml = (steps: string) => `name: w\nstate: {steps: ${steps}}\nsteps: [{id: a, type: llm_call, prompt: x}]`
    expect(() => compileYaml(yaml('5'))).toThrow('must be a mapping')
    expect(compileYaml(yaml('{old: {output: 1}}')).plan.nodes).toHaveLength(1)
  })

  test.each(['steps', 'steps.a', '_approval.gate', 'state.x', '__proto__.x', 'a.__proto__', 'l[99999999]'])(
    'B20 %s is refused',
    (output) => {
      expect(errors([step('a', { output })])).toEqual([expect.stringMatching(/^workflow\/bad-output-path /)])
    },
  )

  test('B20 a..b loads, and fails when it is reached', () => {
    const { plan, warnings: found } = compileWorkflow(definition([step('a', { output: 'a..b' })]))
    expect(found.map(({ code }) => code)).toEqual(['state/path'])
    expect(plan.nodes[0]?.step.output).toMatchObject({ broken: { code: 'state/path', place: 'steps[0].output' } })
  })

  test('an empty output is none', () => {
    expect(compileWorkflow(definition([step('a', { output: '' })])).plan.nodes[0]?.step.output).toBe(null)
  })

  const both = (first: ValueMap, second: ValueMap): readonly ValueMap[] => [
    step('a', { output: 'o', ...first }),
    step('b', { output: 'o', ...second }),
  ]
  test('two steps beside each other write one key', () => {
    expect(warnings(both({}, {}))).toEqual(['workflow/output-collision steps[1].output'])
    expect(errors(both({}, {}), { strict_outputs: true })).toEqual([
      "workflow/output-collision 'o' is written by a, b, which no dependency orders",
    ])
  })

  test('steps that wait for each other may', () => {
    const chain = [
      step('a', { output: 'o' }),
      step('m', { depends_on: ['a'] }),
      step('b', { output: 'o', depends_on: ['m'] }),
    ]
    expect(errors(chain, { strict_outputs: true })).toEqual([])
    expect(warnings(chain)).toEqual([])
  })

  test('half a chain may not', () => {
    const half = [...both({}, { depends_on: ['a'] }), step('c', { output: 'o' })]
    expect(errors(half, { strict_outputs: true })).toHaveLength(1)
  })

  test('branches of one router may, but for strict_outputs', () => {
    const branches = [
      { id: 'r', type: 'router', conditions: [{ expression: 'True', target: 'a' }], default: 'b' },
      ...both({ depends_on: ['r'] }, { depends_on: ['r'] }),
    ]
    expect(warnings(branches)).toEqual([])
    expect(errors(branches, { strict_outputs: true })).toHaveLength(1)
  })

  test('a key below what another step writes', () => {
    expect(warnings([step('a', { output: 'o' }), step('b', { output: 'o.x' })])).toEqual([
      'workflow/output-overlap steps[1].output',
    ])
    expect(warnings([step('a', { output: 'o' }), step('b', { output: 'o.x', depends_on: ['a'] })])).toEqual([])
    expect(warnings([step('a', { output: 'o.y' }), step('b', { output: 'o.x' })])).toEqual([])
  })
})

describe('data that no YAML could give', () => {
  const withState = (state: ValueMap) =>
    errorsOf(() => compileWorkflow({ format: 1, workflow: { name: 'w', state, steps: [] }, compat: null, files: {} }))
  test.each([
    ['__proto__ as key', JSON.parse('{"a": {"__proto__": 1}}') as ValueMap, 'workflow/forbidden-key'],
    ['half a surrogate pair', { a: '\ud800' }, 'workflow/character'],
    ['infinity', { a: Infinity }, 'workflow/schema'],
    ['3,000 levels', JSON.parse(`{"a": ${'['.repeat(3_000)}${']'.repeat(3_000)}}`) as ValueMap, 'workflow/depth'],
  ])('%s', (_, state, code) => {
    expect(withState(state)).toEqual([expect.stringMatching(new RegExp(`^${code} `))])
  })
})
