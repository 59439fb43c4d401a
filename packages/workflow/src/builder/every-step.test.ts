import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { compileYaml } from '../compile/from-yaml.ts'
import { eq, gt } from './condition.ts'
import { defineFunction } from './define-function.ts'
import { defineWorkflow } from './define-workflow.ts'
import { BuilderError } from './errors.ts'
import type { Ref, Referred } from './ref.ts'
import { notification, secret } from './secret.ts'
import type { WorkflowBuilder } from './steps.ts'
import { text } from './text.ts'

const pay = defineFunction({
  name: 'pay',
  input: z.object({ order: z.string(), key: z.string().optional() }),
  output: z.object({ receipt: z.string(), cents: z.number() }),
  run: async ({ order }) => ({ receipt: order, cents: 1 }),
})
const refund = defineFunction({ name: 'refund', input: z.object({ receipt: z.string() }), run: () => null })

const review = defineWorkflow({ name: 'review', input: z.object({ note: z.string() }), state: { limit: 3 } }, (w) => ({
  verdict: w.llm('judge', { prompt: text`${w.input.note}`, outputSchema: z.object({ good: z.boolean() }) }),
  remark: w.llm('remark', { prompt: 'x' }),
}))

const order = () =>
  defineWorkflow(
    {
      name: 'order',
      inputs: {
        order: { type: 'string', required: true, description: 'its number' },
        tags: { type: 'list', default: ['new'] },
      },
      config: { scheduling: 'layers', onBudget: 'park', budgetUsd: 1 },
      redact: ['card*'],
      files: FILES,
    },
    (w) => {
      const paid = w.call(
        'pay',
        pay,
        { order: w.input.order, key: secret('PAY_KEY') },
        {
          compensate: (undo, output) => undo.call(refund, { receipt: output.receipt }, { retry: { maxRetries: 9 } }),
          queue: 'money',
          priority: 2,
        },
      )
      const pages = w.foreach(
        'pages',
        w.input.tags as unknown as Ref<readonly string[]>,
        (tag, each) => each.llm({ prompt: text`${tag} ${each.index}`, cache: { key: text`${tag}`, ttlSeconds: 60 } }),
        { maxConcurrent: 4, when: gt(paid.cents, 0) },
      )
      const child = w.workflow('child', review, {
        input: { note: text`${pages}` },
        isolated: true,
        returnKeys: ['verdict'],
      })
      const ok = w.gate('ok', {
        dependsOn: [child],
        waitSeconds: 3_600,
        onTimeout: 'reject',
        hold: 'dependents',
        notify: {
          url: 'https://hooks.example',
          headers: { authorization: text`Bearer ${secret('HOOK')}` },
          body: text`${notification.runId}: ${paid.receipt}`,
        },
      })
      w.sleep('rest', { seconds: 1.5, when: eq(ok, 'approved') })
      w.sleep('night', { until: text`${w.input.order}` })
      const parcel = w.waitFor<{ place: string }>('parcel', {
        signal: text`parcel-${w.input.order}`,
        timeoutSeconds: 60,
        onTimeout: 'continue',
        join: 'any',
        dependsOn: [ok],
      })
      w.tool('tell', 'http_request', { url: parcel.place, headers: 'x' }, { cache: { key: 'tell' } })
      const file = w.workflow<{ said: string }>('file', 'flows/say.yaml')
      w.llm('end', {
        prompt: text`${file.said}`,
        attachments: [{ source: parcel.place, type: 'pdf', mediaType: 'application/pdf' }, { source: 'a{b}.png' }],
        thinking: { level: 'low' },
        outputSchema: { type: 'object' },
      })
      w.finally((last) => {
        const log = last.tool('log', 'file_write', { path: 'log.txt', content: text`${paid.receipt}` })
        last.tool('bye', 'file_write', { path: 'bye.txt', content: text`${log}` })
      })
      return { paid, pages, child }
    },
  )

const YAML = `
name: order
config: {scheduling: layers, on_budget: park, budget_usd: 1}
state_schema: {card*: {redact: true}}
inputs: {order: {type: string, required: true, description: its number}, tags: {type: list, default: [new]}}
steps:
  - id: pay
    type: function
    handler: pay
    input: {order: state.order, key: "{secrets.PAY_KEY}"}
    compensate: {type: function, handler: refund, input: {receipt: state.paid.receipt}, retry: {max_retries: 9}}
    queue: money
    priority: 2
    output: paid
  - id: pages
    type: foreach
    items: state.tags
    step: {type: llm_call, prompt: "{state.item} {state.index}", cache: {key: "{state.item}", ttl: 60}}
    max_concurrent: 4
    when: state.paid.cents > 0
    depends_on: [pay]
    output: pages
  - id: child
    type: subworkflow
    workflow_inline:
      name: review
      state: {note: "", limit: 3}
      steps:
        - id: judge
          type: llm_call
          prompt: "{state.note}"
          output_schema: {type: object, properties: {good: {type: boolean}}, required: [good]}
          output: verdict
        - {id: remark, type: llm_call, prompt: x, output: remark}
    input: {note: "{state.pages}"}
    isolated_state: true
    return_keys: [verdict]
    depends_on: [pages]
    output: child
  - id: ok
    type: approval_gate
    depends_on: [child, pay]
    timeout_seconds: 3600
    on_timeout: reject
    hold: dependents
    notify:
      url: https://hooks.example
      headers: {authorization: "Bearer {secrets.HOOK}"}
      body_template: "{run_id}: {state.paid.receipt}"
  - {id: rest, type: sleep, seconds: 1.5, when: "state.steps.ok.output == 'approved'", depends_on: [ok]}
  - {id: night, type: sleep, until: "{state.order}"}
  - {id: parcel, type: wait_for, signal: "parcel-{state.order}", timeout: 60, on_timeout: continue, join: any, depends_on: [ok]}
  - id: tell
    type: tool
    tool_name: http_request
    tool_args: {url: state.steps.parcel.output.place, headers: x}
    cache: {key: tell}
    depends_on: [parcel]
  - {id: file, type: subworkflow, workflow_path: flows/say.yaml}
  - id: end
    type: llm_call
    prompt: "{state.steps.file.output.said}"
    attachments:
      - {source: "{state.steps.parcel.output.place}", type: pdf, media_type: application/pdf}
      - {source: "a{{b}}.png"}
    thinking: {enabled: true, level: low}
    output_schema: {type: object}
    depends_on: [file, parcel]
finally:
  - {id: log, type: tool, tool_name: file_write, tool_args: {path: log.txt, content: "{state.paid.receipt}"}}
  - {id: bye, type: tool, tool_name: file_write, tool_args: {path: bye.txt, content: "{state.steps.log.output}"}, depends_on: [log]}
`

const FILES = { 'flows/say.yaml': 'name: say\nsteps: []' }

test('every type and key, the same as in YAML', () => {
  const { plan } = compileYaml(YAML, { files: FILES })
  const workflow = order()
  expect(workflow.definition.workflow).toEqual(plan.definition.workflow)
  expect(workflow.plan).toEqual(plan)
  expect(workflow.functions.map(({ name }) => name)).toEqual(['pay', 'refund'])
})

test('outputs are typed through steps', () => {
  defineWorkflow({ name: 'w', inputs: { n: { type: 'integer', required: true }, s: {} }, files: FILES }, (w) => {
    expectTypeOf<Referred<typeof w.input.n>>().toEqualTypeOf<number>()
    expectTypeOf<Referred<typeof w.input.s>>().toEqualTypeOf<unknown>()
    const list = w.tool<readonly { name: string }[]>('list', 't')
    const each = w.foreach('each', list, (item, per) => {
      expectTypeOf<Referred<typeof item.name>>().toEqualTypeOf<string>()
      return per.call(pay, { order: item.name })
    })
    expectTypeOf<Referred<typeof each>>().toEqualTypeOf<readonly { receipt: string; cents: number }[]>()
    const asked = w.llm('asked', { prompt: 'x', outputSchema: z.object({ n: z.number() }) })
    expectTypeOf<Referred<typeof asked>>().toEqualTypeOf<{ n: number }>()
    const child = w.workflow('child', review, { returnKeys: ['verdict'] })
    expectTypeOf<Referred<typeof child>>().toEqualTypeOf<Readonly<{ verdict: { good: boolean } | null }>>()
    // @ts-expect-error the child has no such key
    w.workflow('other', review, { returnKeys: ['nothing'] })
    // @ts-expect-error a note is a text
    w.workflow('third', review, { input: { note: 5 } })
    const word = w.foreach('words', [1, 2], (item, per) =>
      per.route({ when: [[gt(item, 1), 'big']], otherwise: 'small' }),
    )
    expectTypeOf<Referred<typeof word>>().toEqualTypeOf<readonly ('big' | 'small')[]>()
    const decision = w.gate('gate')
    expectTypeOf<Referred<typeof decision>>().toEqualTypeOf<'approved' | 'rejected'>()
    return {}
  })
  type Given = NonNullable<ReturnType<typeof order>['input']>['_zod']['input']
  expectTypeOf<Given>().toMatchTypeOf<{ order: string; tags?: readonly unknown[] }>()
})

describe('the builder refuses', () => {
  const defining = (define: (w: WorkflowBuilder<object>) => unknown) => () =>
    defineWorkflow({ name: 'w' }, (w) => {
      define(w)
      return {}
    })
  test.each([
    ['a secret in a prompt', defining((w) => w.llm('a', { prompt: text`${secret('KEY')}` }))],
    ['a secret with a strange name', () => secret('my key')],
    [
      'a reference in a header',
      defining((w) => w.gate('g', { notify: { url: 'u', headers: { a: text`${w.tool('t', 't')}` } } })),
    ],
    ['work that nobody made', defining((w) => w.foreach('f', [1], () => ({}) as never))],
    [
      'two functions of one name, one of them inside',
      defining((w) => {
        w.call('a', pay, { order: 'x' })
        w.foreach('f', [1], (_, each) =>
          each.call(defineFunction({ name: 'pay', input: pay.input, run: () => null }), { order: 'x' }),
        )
      }),
    ],
    [
      'two ways to declare what a run is given',
      () => defineWorkflow({ name: 'w', input: z.object({}), inputs: {} }, () => ({})),
    ],
    [
      'a target of the run among the last steps',
      defining((w) => {
        const a = w.tool('a', 't')
        w.finally((last) => last.route('r', { when: [], otherwise: a }))
      }),
    ],
  ])('%s', (_, define) => {
    expect(define).toThrow(BuilderError)
  })
})
