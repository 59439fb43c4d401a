import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { compileYaml } from '../compile/from-yaml.ts'
import { contains, eq, and, gt, isNull, lower, not, or } from './condition.ts'
import { defineFunction } from './define-function.ts'
import { defineWorkflow } from './define-workflow.ts'
import { BuilderError } from './errors.ts'
import { text } from './text.ts'

const fileBug = defineFunction({
  name: 'file-bug',
  input: z.object({ text: z.string(), labels: z.array(z.string()).optional() }),
  output: z.object({ url: z.string(), votes: z.number() }),
  run: async ({ text: title }) => ({ url: `https://bugs.example/${title}`, votes: 0 }),
})

const triage = () =>
  defineWorkflow(
    {
      name: 'ticket-triage',
      input: z.object({ ticket: z.string() }),
      config: { model: 'gpt-5-mini', budgetUsd: 0.25 },
    },
    (w) => {
      const kind = w.llm('classify', { prompt: text`Bug or question? ${w.input.ticket}` })
      const issue = w.call('file_bug', fileBug, { text: w.input.ticket })
      const reply = w.llm('answer', { prompt: text`Answer kindly: ${w.input.ticket}` })
      w.route('route', { when: [[contains(lower(kind), 'bug'), issue]], otherwise: reply })
      return { kind, issue, reply }
    },
  )

test('the builder and YAML give the same plan', () => {
  const yaml = `
name: ticket-triage
config: {model: gpt-5-mini, budget_usd: 0.25}
state: {ticket: ""}
steps:
  - {id: classify, type: llm_call, prompt: "Bug or question? {state.ticket}", output: kind}
  - {id: file_bug, type: function, handler: file-bug, depends_on: [route], input: {text: state.ticket}, output: issue}
  - {id: answer, type: llm_call, depends_on: [route], prompt: "Answer kindly: {state.ticket}", output: reply}
  - id: route
    type: router
    depends_on: [classify]
    conditions: [{expression: "'bug' in state.kind.lower()", target: file_bug}]
    default: answer
`
  const { plan } = compileYaml(yaml)
  expect(triage().definition.workflow).toEqual(plan.definition.workflow)
  expect(triage().plan).toEqual(plan)
})

test('outputs and inputs are typed', () => {
  const workflow = triage()
  type Input = NonNullable<typeof workflow.input>['_zod']['input']
  expectTypeOf<Input>().toEqualTypeOf<{ ticket: string }>()
  expectTypeOf(workflow.outputs).toEqualTypeOf<readonly ('kind' | 'issue' | 'reply')[]>()
  defineWorkflow({ name: 'typed', input: z.object({ n: z.number(), tags: z.array(z.string()) }) }, (w) => {
    const issue = w.call('a', fileBug, { text: text`${w.input.n}`, labels: ['x', w.input.tags[0] ?? 'y'] })
    // @ts-expect-error a number is no text
    w.call('b', fileBug, { text: w.input.n })
    // @ts-expect-error there is no such field
    w.call('c', fileBug, { text: issue.title })
    // @ts-expect-error votes are numbers
    const odd = eq(issue.votes, 'many')
    w.route('r', { when: [[and(gt(issue.votes, 3), not(odd)), w.llm('d', { prompt: 'x' })]] })
    return {}
  })
})

test('a step waits for the steps that it refers to, and for the routers that may choose it', () => {
  const { plan } = triage()
  const dependsOn = (id: string) => plan.byId.get(id)?.dependsOn.map((rank) => plan.nodes[rank]?.id)
  expect(dependsOn('route')).toEqual(['classify'])
  expect(dependsOn('file_bug')).toEqual(['route'])
  expect(dependsOn('answer')).toEqual(['route'])
})

test('an output that is not returned is read below steps', () => {
  const { definition } = defineWorkflow({ name: 'w' }, (w) => {
    const first = w.tool<{ rows: { name: string }[] }>('first-one', 'rows', { limit: 3 })
    w.llm('second', { prompt: text`${first.rows[0]!.name} of {all}` })
    w.route('third', {
      when: [[or(isNull(first.rows), eq(first.rows[1]!.name, "it's")), w.llm('fourth', { prompt: 'x' })]],
    })
    return {}
  })
  expect(definition.workflow.steps).toMatchObject([
    { id: 'first-one', tool_args: { limit: 3 } },
    { prompt: '{state.steps.first-one.output.rows[0].name} of {{all}}', depends_on: ['first-one'] },
    { id: 'fourth', depends_on: ['third'] },
    {
      conditions: [
        {
          expression: String.raw`(state.steps['first-one'].output.rows is None) or (state.steps['first-one'].output.rows[1].name == 'it\'s')`,
        },
      ],
    },
  ])
})

test('literal texts stay what they are', () => {
  const { definition } = defineWorkflow({ name: 'w' }, (w) => {
    w.call('a', fileBug, { text: '{"key": 1}', labels: ['}', '{'] })
    w.llm('b', { prompt: 'json: {}', system: text`{${1}}` })
    return {}
  })
  expect(definition.workflow.steps).toMatchObject([
    { input: { text: '{{"key": 1}}', labels: ['}', '{{'] } },
    { prompt: 'json: {{}}', system_prompt: '{{1}}' },
  ])
})

describe('the builder refuses', () => {
  const defining = (define: Parameters<typeof defineWorkflow>[1]) => () => defineWorkflow({ name: 'w' }, define)
  test.each([
    [
      'a reference in an ordinary template literal',
      defining((w) => ({ x: w.llm('a', { prompt: `${w.llm('b', { prompt: 'x' }) as unknown as string}` }) })),
    ],
    ['two steps of one id', defining((w) => (w.llm('a', { prompt: 'x' }), { a: w.llm('a', { prompt: 'x' }) }))],
    ['one output under two names', defining((w) => ((a) => ({ x: a, y: a }))(w.llm('a', { prompt: 'x' })))],
    ['a part of an output as output', defining((w) => ({ x: w.tool<{ y: string }>('a', 't').y }))],
    ['a literal text that reads like a reference', defining((w) => ({ x: w.tool('a', 't', { path: 'state.x' }) }))],
    [
      'a reference deep in arguments of a tool',
      defining((w) => ({ x: w.tool('a', 't', { list: [w.llm('b', { prompt: 'x' }) as never] }) })),
    ],
  ])('%s', (_, define) => {
    expect(define).toThrow(BuilderError)
  })

  test('a cycle', () => {
    const cycle = defining((w) => {
      const a = w.llm('a', { prompt: 'x' })
      const b = w.llm('b', { prompt: text`${a}` })
      w.route('r', { when: [[eq(b, 'x'), a]] })
      return {}
    })
    expect(cycle).toThrow(expect.objectContaining({ code: 'workflow/cycle' }))
  })
})
