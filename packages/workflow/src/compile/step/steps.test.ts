import { describe, expect, test } from 'vitest'
import { WorkflowError } from '../../diagnostics/workflow-error.ts'
import type { YamlOptions } from '../define.ts'
import { compileYaml } from '../from-yaml.ts'

const yaml = (step: string) => `name: w\nstate: {list: [1], n: 1, s: x}\nsteps: [{id: a, ${step}}]`
const stepOf = (step: string) => compileYaml(yaml(step)).plan.nodes[0]?.step
const warningsOf = (step: string) => compileYaml(yaml(step)).warnings.map(({ code, path }) => `${code} ${path}`)
function errorsOf(text: string, options: YamlOptions = {}): readonly string[] {
  try {
    compileYaml(text, options)
    return []
  } catch (error) {
    if (error instanceof WorkflowError) return error.diagnostics.map(({ code, path }) => `${code} ${path}`)
    throw error
  }
}

test('a step that says nothing of it waits, is tried and is kept as all do', () => {
  expect(stepOf('type: tool, tool_name: t')).toEqual({
    id: 'a',
    type: 'tool',
    toolName: 't',
    args: {},
    output: null,
    timeoutMs: null,
    retry: expect.objectContaining({ retriesMax: 3 }) as unknown,
    when: null,
    join: 'all',
    queue: null,
    priority: null,
    cache: null,
  })
})

test.each<[string, object]>([
  ['type: tool, tool_name: t, when: state.n > 1', { when: { text: 'state.n > 1' } }],
  ['type: tool, tool_name: t, when: "(", join: any', { when: { broken: { code: 'expression/syntax' } }, join: 'any' }],
  ['type: tool, tool_name: t, queue: gpu, priority: 7', { queue: 'gpu', priority: 7 }],
  [
    'type: tool, tool_name: t, cache: {key: "{state.n}", ttl: 1.5}',
    { cache: { key: { text: '{state.n}' }, ttlMs: 1_500 } },
  ],
  ['type: tool, tool_name: t, cache: {key: k}', { cache: { ttlMs: null } }],
  [
    'type: llm_call, prompt: x, output_schema: {type: object}, thinking: {enabled: true, budget_tokens: 5, level: low}',
    { outputSchema: { type: 'object' }, thinking: { budgetTokens: 5, level: 'low', captureReasoning: true } },
  ],
  ['type: llm_call, prompt: x, thinking: {level: low}', { thinking: null, attachments: [], outputSchema: null }],
  [
    'type: llm_call, prompt: x, attachments: [{source: "{state.s}"}, {type: pdf, source: "{", media_type: m, fetch: provider}]',
    {
      attachments: [
        { type: 'image', source: { text: '{state.s}' }, mediaType: null, fetch: 'local' },
        {
          type: 'pdf',
          source: { broken: { place: 'steps[0].attachments[1].source, character 1' } },
          mediaType: 'm',
          fetch: 'provider',
        },
      ],
    },
  ],
  ['type: approval_gate', { waitMs: null, onTimeout: null, hold: 'all', notify: null }],
  [
    'type: approval_gate, timeout_seconds: 60, on_timeout: reject, hold: dependents, timeout: 5',
    { waitMs: 60_000, onTimeout: 'reject', hold: 'dependents', timeoutMs: 5_000 },
  ],
  [
    'type: approval_gate, notify: {url: u, headers: {a: "b {c}", d: "Bearer {secrets.T} x"}, body_template: "{run_id} {state.s}"}',
    {
      notify: {
        url: 'u',
        headers: {
          a: { kind: 'literal', value: 'b {c}' },
          d: { kind: 'secret', parts: [{ text: 'Bearer ' }, { secret: 'T' }, { text: ' x' }] },
        },
        body: { text: '{run_id} {state.s}' },
        timeoutMs: 30_000,
      },
    },
  ],
  [
    'type: foreach, items: state.list, step: {type: tool, tool_name: t, tool_args: {x: state.item}, retry: {max_retries: 1}, timeout: 2}, output: out, timeout: 9',
    {
      items: { kind: 'path' },
      maxConcurrent: 10,
      output: { text: 'out' },
      timeoutMs: 9_000,
      body: {
        id: 'a',
        type: 'tool',
        args: { x: { kind: 'path' } },
        output: null,
        timeoutMs: 2_000,
        retry: { retriesMax: 1 },
      },
    },
  ],
  [
    'type: foreach, items: [1, "{state.n}"], max_concurrent: 2, step: {type: llm_call, prompt: "{state.index}", cache: {key: "{item}"}}',
    { items: { kind: 'list' }, maxConcurrent: 2, body: { type: 'llm_call', cache: { key: { text: '{item}' } } } },
  ],
  ['type: foreach, items: [1], step: {type: router, default: any}', { body: { type: 'router', defaultTarget: 'any' } }],
  ['type: foreach, items: [1], step: {type: function, handler: h}', { body: { type: 'function', handler: 'h' } }],
  ['type: sleep, seconds: 0.5', { durationMs: 500, until: null }],
  ['type: sleep, seconds: 0', { durationMs: 0, until: null }],
  ['type: sleep, until: "{state.s}"', { durationMs: null, until: { text: '{state.s}' } }],
  [
    'type: wait_for, signal: "paid-{state.n}"',
    { signal: { text: 'paid-{state.n}' }, waitMs: null, onTimeout: 'fail', timeoutMs: null },
  ],
  [
    'type: wait_for, signal: s, timeout: 5, on_timeout: continue',
    { waitMs: 5_000, onTimeout: 'continue', timeoutMs: null },
  ],
])('%s', (step, expected) => {
  expect(stepOf(step)).toMatchObject(expected)
})

describe('secrets', () => {
  test.each<[string, object]>([
    ['"{secrets.KEY}"', { kind: 'secret', parts: [{ secret: 'KEY' }] }],
    ['"Bearer {secrets.KEY}"', { kind: 'secret', parts: [{ parts: ['Bearer '] }, { secret: 'KEY' }] }],
    ['"{{secrets.KEY}}"', { kind: 'template', template: { parts: ['{secrets.KEY}'] } }],
    ['"secrets.KEY"', { kind: 'literal', value: 'secrets.KEY' }],
  ])('in arguments: %s', (text, expected) => {
    expect(stepOf(`type: tool, tool_name: t, tool_args: {x: ${text}}`)).toMatchObject({ args: { x: expected } })
  })
  test('also deep in the input of a function, and in the bodies of foreach', () => {
    expect(stepOf('type: function, handler: h, input: {x: [{y: "{secrets.K}"}]}')).toMatchObject({
      input: { x: { items: [{ entries: { y: { kind: 'secret' } } }] } },
    })
    expect(
      stepOf('type: foreach, items: [1], step: {type: tool, tool_name: t, tool_args: {x: "{secrets.K}"}}'),
    ).toMatchObject({ body: { args: { x: { kind: 'secret' } } } })
  })
  test('nowhere else: they would be stored, or shown to a model', () => {
    expect(warningsOf('type: llm_call, prompt: "{secrets.KEY}"')).toEqual([
      'workflow/unknown-reference steps[0].prompt',
    ])
  })
  test('under compat it is a text like any other', () => {
    const { plan } = compileYaml(yaml('type: tool, tool_name: t, tool_args: {x: "{secrets.K}"}'), {
      compat: 'agentloom',
    })
    expect(plan.nodes[0]?.step).toMatchObject({ args: { x: { kind: 'template' } } })
  })
})

test.each([
  ['items that are no list', 'type: foreach, items: text, step: {type: tool, tool_name: t}', 'steps[0].items'],
  [
    'items that a text is made of',
    'type: foreach, items: "{state.list}", step: {type: tool, tool_name: t}',
    'steps[0].items',
  ],
  ['items that are a number', 'type: foreach, items: 5, step: {type: tool, tool_name: t}', 'steps[0].items'],
  ['no items', 'type: foreach, step: {type: tool, tool_name: t}', 'steps[0].items'],
  ['no step', 'type: foreach, items: []', 'steps[0].step'],
  ['a gate for each item', 'type: foreach, items: [], step: {type: approval_gate}', 'steps[0].step.type'],
  ['foreach in foreach', 'type: foreach, items: [], step: {type: foreach}', 'steps[0].step.type'],
  ['no items at once', 'type: foreach, items: [], step: {type: tool}, max_concurrent: 0', 'steps[0].max_concurrent'],
  [
    'too many items at once',
    'type: foreach, items: [], step: {type: tool}, max_concurrent: 257',
    'steps[0].max_concurrent',
  ],
  ['a sleep without an end', 'type: sleep', 'steps[0]'],
  ['a sleep until no time', 'type: sleep, until: tomorrow', 'steps[0].until'],
  ['a sleep with two ends', 'type: sleep, seconds: 1, until: 2026-01-31', 'steps[0].until'],
  ['a negative sleep', 'type: sleep, seconds: -1', 'steps[0].seconds'],
  ['a sleep of centuries', 'type: sleep, seconds: 1e10', 'steps[0].seconds'],
  ['a wait for nothing', 'type: wait_for', 'steps[0].signal'],
  ['a wait that ends as a gate does', 'type: wait_for, signal: s, on_timeout: approve', 'steps[0].on_timeout'],
  ['a gate that ends as a wait does', 'type: approval_gate, on_timeout: fail', 'steps[0].on_timeout'],
  ['a gate that holds something else', 'type: approval_gate, hold: none', 'steps[0].hold'],
  ['a priority below the first', 'type: tool, priority: -1', 'steps[0].priority'],
  ['a priority beyond the last', 'type: tool, priority: 2097152', 'steps[0].priority'],
  ['a queue with a colon', 'type: tool, tool_name: t, queue: "a:b"', 'steps[0].queue'],
  ['a cache without key', 'type: tool, cache: {ttl: 1}', 'steps[0].cache.key'],
  ['a cache for no time', 'type: tool, cache: {key: k, ttl: 0}', 'steps[0].cache.ttl'],
  ['a join of some', 'type: tool, join: some', 'steps[0].join'],
  ['`when` as a boolean', 'type: tool, when: true', 'steps[0].when'],
  ['an output schema that is none', 'type: llm_call, output_schema: text', 'steps[0].output_schema'],
  ['a gate that undoes', 'type: tool, compensate: {type: approval_gate}', 'steps[0].compensate.type'],
])('refused: %s', (_, step, path) => {
  expect(errorsOf(yaml(step))).toEqual([`workflow/schema ${path}`])
})

test('unknown keys inside of steps have a suggestion', () => {
  const text = yaml(
    'type: foreach, items: [], max_concurent: 1, step: {type: tool, tool_name: t, tool_arg: {}}, compensate: {type: tool, tool_name: t, promt: x}',
  )
  const { warnings } = compileYaml(text)
  expect(warnings.map(({ path, help }) => `${path}: ${help}`)).toEqual([
    'steps[0].max_concurent: did you mean max_concurrent?',
    'steps[0].step.tool_arg: did you mean tool_args?',
    'steps[0].compensate.promt: did you mean prompt?',
  ])
})

describe('what steps read', () => {
  const reads = (step: string) => {
    const { plan } = compileYaml(
      `name: w\nsteps:\n${['x', 'y'].map((id) => `  - {id: ${id}, type: tool, tool_name: t, output: ${id}}`).join('\n')}\n  - {id: z, type: tool, tool_name: t}\n  - {id: s, depends_on: [z], ${step}}`,
    )
    return plan.byId
      .get('s')
      ?.reads.map((rank) => plan.nodes[rank]?.id)
      .join(' ')
  }
  test.each([
    ['when', 'type: tool, tool_name: t, when: state.x == 1', 'x'],
    ['the key of a cache', 'type: tool, tool_name: t, cache: {key: "{state.x}{y}"}', 'x y'],
    ['attachments', 'type: llm_call, prompt: p, attachments: [{source: "{state.y}"}]', 'y'],
    ['items', 'type: foreach, items: state.x, step: {type: tool, tool_name: t}', 'x'],
    [
      'the step for each item',
      'type: foreach, items: [1], step: {type: tool, tool_name: t, tool_args: {a: state.y}}',
      'y',
    ],
    ['until', 'type: sleep, until: "{state.x}"', 'x'],
    ['the name of a signal', 'type: wait_for, signal: "{state.steps.y.output}"', 'y'],
    ['the text of a notification', 'type: approval_gate, notify: {url: u, body_template: "{state.x} {run_id}"}', 'x'],
    ['arguments with secrets', 'type: tool, tool_name: t, tool_args: {a: "{secrets.K} {state.y}"}', 'y'],
  ])('%s', (_, step, expected) => {
    expect(reads(step)).toBe(expected)
  })

  test('`state.item` is no key of the state for each item', () => {
    const step = 'type: foreach, items: [1], step: {type: llm_call, prompt: "{state.item} {index} {item[a]}"}'
    expect(warningsOf(step)).toEqual([])
    expect(warningsOf('type: llm_call, prompt: "{state.item}"')).toEqual(['workflow/unknown-reference steps[0].prompt'])
  })
})

test.each([
  ['type: foreach, items: [], step: {type: tool, tool_name: t}', ['steps[0].type']],
  ['type: sleep, seconds: 1', ['steps[0].type']],
  ['type: wait_for, signal: s', ['steps[0].type']],
  ['type: tool, tool_name: t, when: state.n', ['steps[0].when']],
  [
    'type: tool, tool_name: t, join: all, queue: q, priority: 1',
    ['steps[0].join', 'steps[0].queue', 'steps[0].priority'],
  ],
  ['type: tool, tool_name: t, cache: {key: k}', ['steps[0].cache']],
  ['type: tool, tool_name: t, compensate: {type: tool, tool_name: t}', ['steps[0].compensate']],
  ['type: llm_call, prompt: x, output_schema: {}', ['steps[0].output_schema']],
  ['type: approval_gate, hold: all', ['steps[0].hold']],
])('compat refuses what the Python engine does not know: %s', (step, paths) => {
  expect(errorsOf(yaml(step), { compat: 'agentloom' })).toEqual(paths.map((path) => `workflow/compat ${path}`))
})

test.each([
  'inputs: {}',
  'finally: []',
  'config: {on_budget: park}',
  'config: {queue: q}',
  'config: {concurrency: {key: k}}',
])('compat refuses %s', (top) => {
  expect(errorsOf(`name: w\nsteps: []\n${top}`, { compat: 'agentloom' })).toHaveLength(1)
})

test('an output_schema that is no JSON Schema is told where, and an honest one is not', () => {
  const schema = (text: string) => warningsOf(`type: llm_call, prompt: x, output: o, output_schema: ${text}`)
  const at = (place: string) => [`workflow/output-schema steps[0].output_schema${place}`]
  expect(schema('{type: objct}')).toEqual(at('.type'))
  expect(schema('{type: [object, 3]}')).toEqual(at('.type'))
  expect(schema('{properties: 3}')).toEqual(at('.properties'))
  expect(schema('{properties: {a: {items: {type: str}}}}')).toEqual(at('.properties.a.items.type'))
  expect(schema('{properties: {a: {type: string, required: true}}}')).toEqual(at('.properties.a.required'))
  expect(schema('{anyOf: [{type: "null"}, text]}')).toEqual(at('.anyOf[1]'))
  expect(schema('{allOf: {type: object}}')).toEqual(at('.allOf'))
  expect(
    schema(
      '{type: [object, "null"], properties: {type: {type: integer}, items: true}, required: [type], additionalProperties: false, enum: [{type: 3}]}',
    ),
  ).toEqual([])
})
