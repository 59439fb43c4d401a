import { describe, expect, test } from 'vitest'
import { compileWorkflow } from '../compile/compile.ts'
import { defineFromYaml } from '../compile/define.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { lintPlan, type LintOptions } from './lint.ts'

interface Head {
  readonly config?: string
  readonly state?: string
}

function lint(
  steps: readonly string[],
  { config = 'provider: mock', state = '' }: Head = {},
  options: Omit<LintOptions, 'source'> = {},
): readonly Diagnostic[] {
  const text = `name: w\nconfig: {${config}}\nstate: {${state}}\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`
  const { definition, source } = defineFromYaml(text, { file: 'w.yaml' })
  return lintPlan(compileWorkflow(definition, { source }).plan, { ...options, source })
}

const found = (...of: Parameters<typeof lint>): readonly string[] =>
  lint(...of).map(({ code, path }) => `${code} ${path}`)

const ask = (id: string, prompt: string, rest = ''): string => `{id: ${id}, type: llm_call, prompt: "${prompt}"${rest}}`
const on = (...ids: readonly string[]): string => `, depends_on: [${ids.join(', ')}]`
const router = (id: string, conditions: readonly (readonly [string, string])[], rest = ''): string =>
  `{id: ${id}, type: router, conditions: [${conditions
    .map(([expression, target]) => `{expression: "${expression}", target: ${target}}`)
    .join(', ')}]${rest}}`

describe('unreachable steps', () => {
  test('a step that its router never chooses is named, what is behind it is not', () => {
    const steps = [
      router('r', [['state.x', 'a']], ', default: b'),
      ask('a', 'hi', on('r')),
      ask('b', 'hi', on('r')),
      ask('c', 'hi', on('r')),
      ask('d', 'hi', on('c')),
    ]
    const [only, ...others] = lint(steps, { state: 'x: 1' })
    expect(others).toEqual([])
    expect(only).toMatchObject({
      code: 'lint/unreachable',
      message: "'c' never runs: the router 'r' never chooses it",
      line: 8,
      column: 10,
      path: 'steps[3].id',
    })
  })

  test('a when that is false', () => {
    expect(found([ask('a', 'hi', ', when: "1 > 2"')])).toEqual(['lint/unreachable steps[0].when'])
    expect(found([ask('a', 'hi', ', when: "state.x"')], { state: 'x: 1' })).toEqual([])
  })
})

describe('routers without default', () => {
  const steps = (...conditions: readonly string[]): readonly string[] => [
    router(
      'r',
      conditions.map((expression, index) => [expression, `t${index}`] as const),
    ),
    ...conditions.map((_, index) => ask(`t${index}`, 'hi', on('r'))),
  ]

  test.each([
    ['state.x > 1', 'state.x < 1'],
    ["'a' in state.x", "'b' in state.x"],
    ['not state.x', 'not state.x == 1'],
    ['state.x > 1', 'state.x <= 2'],
    ['state.x < 1', '1 >= state.x'],
  ])('%s beside %s', (first, second) => {
    expect(found(steps(first, second), { state: 'x: 1' })).toEqual(['lint/router-without-default steps[0].conditions'])
  })

  test.each([
    ['one condition is a test that is meant to fail', ['state.x']],
    ['opposite operators', ['state.x >= 1', 'state.x < 1']],
    ['opposite operators, not side by side', ['state.x == 1', 'state.y', 'state.x != 1']],
    ['not', ['state.x', 'not state.x']],
    ['not of the first', ['not state.x', 'state.x']],
    ['not of a comparison', ['state.x in (1, 2)', 'not (state.x in (1, 2))']],
    ['none', ['state.x is None', 'state.x is not None']],
    ['an else', ['state.x', 'True']],
  ])('%s needs no default', (_, conditions) => {
    expect(found(steps(...conditions), { state: 'x: 1, y: 1' })).toEqual([])
  })
})

describe('outputs that nothing reads', () => {
  test('the answer of a model that another step waits for', () => {
    const steps = [
      ask('draft', 'hi', ', output: text'),
      ask('review', 'is it good?', `${on('draft')}, output: verdict`),
    ]
    expect(lint(steps)).toMatchObject([
      {
        code: 'lint/unread-output',
        message: "'review' waits for 'draft', and nothing reads 'text'",
        help: "read {state.text} in 'review', or leave `output` out",
        line: 5,
      },
    ])
  })

  test.each([
    ['its text', 'is this good? {state.text}'],
    ['its entry', 'is this good? {state.steps.draft.output}'],
    ['the whole state', 'look at {state}'],
  ])('but not where a later step reads %s', (_, prompt) => {
    expect(found([ask('draft', 'hi', ', output: text'), ask('review', prompt, on('draft'))])).toEqual([])
  })

  test('several that one step waits for are one warning', () => {
    const steps = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => ask(id, 'hi', `, output: out_${id}`))
    expect(
      lint([...steps, ask('end', 'sum up', on('a', 'b', 'c', 'd', 'e', 'f'))]).map(({ message }) => message),
    ).toEqual(["'end' waits for 'a', and nothing reads 'out_a', 'out_b', 'out_c', 'out_d', 'out_e', 1 more"])
  })

  test('a human who decides has read it', () => {
    expect(found([ask('draft', 'hi', ', output: text'), `{id: ok, type: approval_gate${on('draft')}}`])).toEqual([])
  })

  test('what a later step writes over', () => {
    const steps = [
      '{id: a, type: tool, tool_name: t, output: o}',
      '{id: b, type: tool, tool_name: t, output: o, depends_on: [a]}',
    ]
    expect(lint(steps)).toMatchObject([
      { message: "nothing reads 'o' before 'b' writes over it", path: 'steps[0].output' },
    ])
  })

  test('results of functions and tools may be what the run is for, and so may answers that nobody waits for', () => {
    const steps = [
      '{id: a, type: function, handler: f, output: ticket}',
      `{id: b, type: tool, tool_name: t, output: file${on('a')}}`,
      ask('c', 'hi', `, output: summary${on('b')}`),
    ]
    expect(found(steps)).toEqual([])
  })
})

describe('texts that name what may be missing', () => {
  const choice = router('r', [['state.x', 'a']], ', default: b')

  test('the output of a branch, read behind the other one', () => {
    const steps = [
      choice,
      ask('a', 'hi', `, output: left${on('r')}`),
      ask('b', 'hi', on('r')),
      ask('c', 'take {state.left}', on('b')),
    ]
    expect(lint(steps, { state: 'x: 1' })).toMatchObject([
      {
        code: 'lint/skipped-source',
        message: "state.left may be missing: 'a' is skipped where a router may choose another way",
        help: 'give the key a value in `state`, or add a to depends_on',
        line: 8,
        column: 44,
      },
    ])
    expect(
      found([...steps.slice(0, 3), ask('c', 'take {state.steps.a.output}', on('b'))], { state: 'x: 1' }),
    ).toHaveLength(1)
  })

  test('a step with when', () => {
    const steps = [ask('a', 'hi', ', output: o, when: "state.x"'), ask('m', 'hi'), ask('b', '{state.o}', on('m'))]
    expect(lint(steps, { state: 'x: 1' })).toMatchObject([
      { message: "state.o may be missing: 'a' is skipped where `when` of 'a' may be false" },
    ])
  })

  test('a join that takes any branch and reads one of them', () => {
    const steps = [
      choice,
      ask('a', 'hi', `, output: left${on('r')}`),
      ask('b', 'hi', `, output: right${on('r')}`),
      ask('j', '{state.left} or {state.right}', `, join: any${on('a', 'b')}`),
    ]
    expect(found(steps, { state: 'x: 1' })).toEqual([
      'lint/skipped-source steps[3].prompt',
      'lint/skipped-source steps[3].prompt',
    ])
  })

  test.each([
    [
      'the step waits for it',
      [choice, ask('a', 'hi', `, output: o${on('r')}`), ask('b', 'hi', on('r')), ask('c', '{state.o}', on('a'))],
    ],
    [
      'both are behind one branch',
      [
        choice,
        ask('a', 'hi', on('r')),
        ask('b', 'hi', on('r')),
        ask('a1', 'hi', `, output: o${on('a')}`),
        ask('a2', 'hi', on('a')),
        ask('a3', '{state.o}', on('a2')),
      ],
    ],
    [
      'every branch writes it',
      [
        choice,
        ask('a', 'hi', `, output: o${on('r')}`),
        ask('b', 'hi', `, output: o${on('r')}`),
        ask('j', '{state.o}', `, join: any${on('a', 'b')}`),
      ],
    ],
    ['nothing can be skipped', [ask('a', 'hi', ', output: o'), ask('b', 'hi'), ask('c', '{state.o}', on('b'))]],
    [
      'the router has no choice',
      [
        router('r', [], ', default: a'),
        ask('a', 'hi', `, output: o${on('r')}`),
        ask('m', 'hi'),
        ask('b', 'hi', on('m')),
        ask('c', '{state.o}', on('b')),
      ],
    ],
  ])('not where %s', (_, steps) => {
    expect(found(steps, { state: 'x: 1' })).toEqual([])
  })

  test('not where every way to a join passes the same guard', () => {
    const steps = [
      choice,
      ask('a', 'hi', `, output: o${on('r')}`),
      ask('b', 'hi', on('r')),
      ask('a1', 'hi', on('a')),
      ask('a2', 'hi', on('a')),
      ask('j', '{state.o}', `, join: any${on('a1', 'a2')}`),
    ]
    expect(found(steps, { state: 'x: 1' })).toEqual([])
  })

  test('not where the state has the key from the start', () => {
    const steps = [
      choice,
      ask('a', 'hi', `, output: o${on('r')}`),
      ask('b', '{state.o}', on('r')),
      ask('c', '{state.o}', on('b')),
    ]
    expect(found(steps, { state: "x: 1, o: ''" })).toEqual([])
  })

  test('conditions may ask for what is missing', () => {
    const steps = [
      choice,
      ask('a', 'hi', `, output: o${on('r')}`),
      ask('b', 'hi', on('r')),
      router('q', [['state.o', 'z']], on('b')),
      ask('z', 'hi', on('q')),
    ]
    expect(found(steps, { state: 'x: 1' })).toEqual([])
  })
})

describe('paths that two steps name', () => {
  const file = (tool: string, id: string, path: string, rest = ''): string =>
    `{id: ${id}, type: tool, tool_name: ${tool}, tool_args: {path: ${path}, content: x}${rest}}`

  test('a reader that no edge puts behind the writer', () => {
    const steps = [file('file_write', 'w', 'out.txt'), ask('m', 'hi'), file('file_read', 'r', './out.txt', on('m'))]
    expect(lint(steps)).toMatchObject([
      {
        code: 'lint/unordered-path',
        message: "'out.txt' is named by 'w' too, and no edge orders the two",
        path: 'steps[2].tool_args.path',
      },
    ])
  })

  test.each([
    ['ordered', [file('file_write', 'w', 'a'), file('file_read', 'r', 'a', on('w'))]],
    ['both read', [file('file_read', 'w', 'a'), file('file_read', 'r', 'a')]],
    ['different paths', [file('file_write', 'w', 'a'), file('file_write', 'r', 'b')]],
    ['paths of the state', [file('file_write', 'w', 'state.p'), file('file_write', 'r', 'state.p')]],
    [
      'branches of one router, at any distance',
      [
        router('q', [['state.p', 'a']], ', default: b'),
        ask('a', 'hi', on('q')),
        file('file_write', 'w', 'a', on('a')),
        file('file_write', 'b', 'a', on('q')),
      ],
    ],
  ])('not where they are %s', (_, steps) => {
    expect(found(steps, { state: 'p: a' })).toEqual([])
  })
})

describe('budgets without prices', () => {
  const hasPrice = (model: string): boolean => model !== 'mine'

  test('each model is named once', () => {
    const steps = [ask('a', 'hi', ', model: mine'), ask('b', 'hi', ', model: mine'), ask('c', 'hi', ', model: gpt')]
    expect(found(steps, { config: 'budget_usd: 1' }, { hasPrice })).toEqual([
      'lint/budget-without-price steps[0].model',
    ])
  })

  test.each(['model: mine', 'budget_usd: 1, provider: mock, model: mine', 'budget_usd: 0, model: mine'])(
    'not with %s',
    (config) => {
      expect(found([ask('a', 'hi')], { config }, { hasPrice })).toEqual([])
    },
  )

  test('nor where nobody knows prices', () => {
    expect(found([ask('a', 'hi', ', model: mine')], { config: 'budget_usd: 1' })).toEqual([])
  })
})

describe('tools', () => {
  const tools = ['file_read', 'file_write']

  test.each([
    ['{id: a, type: tool, tool_name: fileread}', 'steps[0].tool_name'],
    ['{id: a, type: llm_call, prompt: hi, tools: [{name: file_raed}]}', 'steps[0].tools[0].name'],
    ['{id: a, type: foreach, items: [1], step: {type: tool, tool_name: file_wirte}}', 'steps[0].step.tool_name'],
  ])('a name that is nearly a known one: %s', (step, path) => {
    expect(found([step], {}, { tools })).toEqual([`lint/mistyped-tool ${path}`])
  })

  test('all other names may be tools that a worker brings', () => {
    expect(found(['{id: a, type: tool, tool_name: send_mail}'], {}, { tools })).toEqual([])
  })
})

test('under strict the findings are errors', () => {
  const steps = [router('r', [['state.x', 'a']], ''), ask('a', 'hi', on('r')), ask('c', 'hi', on('r'))]
  expect(lint(steps, { config: 'strict: true', state: 'x: 1' })).toMatchObject([
    { severity: 'error', code: 'lint/unreachable' },
  ])
})

test('sub-workflows written inside the file are looked over with their place', () => {
  const inline = '{name: c, config: {provider: mock}, steps: [{id: a, type: llm_call, prompt: hi, when: "False"}]}'
  expect(lint([`{id: s, type: subworkflow, workflow_inline: ${inline}}`])).toMatchObject([
    { code: 'lint/unreachable', path: 'steps[0].workflow_inline.steps[0].when', line: 5 },
  ])
})

describe('a plan of many steps ends in good time', () => {
  test('routers one behind the other', () => {
    const steps = Array.from({ length: 2_000 }, (_, n) => [
      router(`r${n}`, [['state.x', `a${n}`]], `, default: b${n}${n === 0 ? '' : on(`a${n - 1}`)}`),
      ask(`a${n}`, 'hi', `, output: o${n}${on(`r${n}`)}`),
      ask(`b${n}`, `{state.o${Math.max(0, n - 1)}} {state.o${Math.max(0, n - 500)}}`, on(`r${n}`)),
    ]).flat()
    expect(found(steps, { state: 'x: 1' })).toEqual([])
  })

  test('beside each other, with one file and one key', () => {
    const steps = Array.from(
      { length: 5_000 },
      (_, n) =>
        `{id: s${n}, type: tool, tool_name: file_write, output: o, tool_args: {path: same}${n === 0 ? '' : on('s0')}}`,
    )
    expect(found(steps).length).toBeGreaterThan(1)
  })
})
