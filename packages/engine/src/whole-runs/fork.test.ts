import {
  compileYaml,
  defineFunction,
  fromPlain,
  type FunctionDefinition,
  type Plan,
  type ValueMap,
} from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { MemoryRuntime } from '../testing/memory-runtime.ts'

/** Says what it was given, and remembers for which step. */
function echo(ran: string[]): FunctionDefinition {
  return defineFunction({
    name: 'echo',
    input: z.object({ text: z.unknown() }),
    run: ({ text }, { stepId, runId }) => {
      ran.push(`${runId}/${stepId}`)
      return text
    },
  })
}

function planOf(review = 'review of {state.draft} for {state.reader}'): Plan {
  return compileYaml(`
name: wf
state: {topic: cats, reader: all}
steps:
  - {id: draft, type: function, handler: echo, input: {text: "draft on {state.topic}"}, output: draft}
  - {id: facts, type: function, handler: echo, input: {text: "facts on {state.topic}"}, output: facts, depends_on: []}
  - {id: review, type: function, handler: echo, input: {text: "${review}"}, output: review, depends_on: [draft]}
  - {id: ok, type: approval_gate, depends_on: [review]}
  - {id: publish, type: function, handler: echo, input: {text: "{state.review}, published"}, depends_on: [ok]}`).plan
}

async function published(): Promise<{ readonly runtime: MemoryRuntime; readonly ran: string[]; readonly plan: Plan }> {
  const ran: string[] = []
  const runtime = new MemoryRuntime({ functions: [echo(ran)] })
  const plan = planOf()
  await runtime.run(plan)
  await runtime.decide('ok', 'approved')
  await runtime.settle()
  expect((await runtime.view(plan)).status).toBe('success')
  ran.length = 0
  return { runtime, ran, plan }
}

function stateOf(state: Record<string, unknown>): ValueMap {
  return fromPlain(state) as ValueMap
}

async function outputsOf(runtime: MemoryRuntime, plan: Plan, runId: string): Promise<Record<string, unknown>> {
  const { steps } = await runtime.view(plan, runId)
  return Object.fromEntries(steps.map(({ id, output }) => [id, output]))
}

test('a fork takes over what came before the step, at no cost, and runs the rest', async () => {
  const { runtime, ran, plan } = await published()
  const reply = await runtime.fork('run', { runId: 'fork', from: 'publish' })
  expect(reply).toEqual({ runId: 'fork', kept: ['draft', 'facts', 'review', 'ok'], again: ['publish'] })
  await runtime.settle()
  expect(ran).toEqual(['fork/publish']) // the approval holds: nobody is asked again
  const view = await runtime.view(plan, 'fork')
  expect(view.status).toBe('success')
  expect(view.costNanoUsd).toBe(0)
  expect(await outputsOf(runtime, plan, 'fork')).toEqual(await outputsOf(runtime, plan, 'run'))
  expect((await runtime.journal.load('fork'))?.records[1]).toMatchObject({
    kind: 'forked',
    from: { runId: 'run', stepId: 'publish' },
  })
})

test('what lies behind the step runs again, and a gate among that asks again', async () => {
  const { runtime, ran, plan } = await published()
  await runtime.fork('run', { runId: 'fork', from: 'review' })
  await runtime.settle()
  expect(ran).toEqual(['fork/review'])
  expect((await runtime.view(plan, 'fork')).status).toBe('paused')
  await runtime.decide('ok', 'approved', 'fork')
  await runtime.settle()
  expect((await runtime.view(plan, 'fork')).status).toBe('success')
})

test('a changed workflow: steps that it says otherwise run again, wherever they are', async () => {
  const { runtime, ran } = await published()
  const changed = planOf('short review of {state.draft}')
  const reply = await runtime.fork('run', { runId: 'fork', from: 'publish', plan: changed })
  expect(reply.again).toEqual(['review', 'ok', 'publish'])
  await runtime.settle()
  expect(ran).toEqual(['fork/review'])
  expect((await outputsOf(runtime, changed, 'fork'))['review']).toBe('short review of draft on cats')
  expect((await runtime.journal.header('run'))?.definition).not.toBe(changed.hash)
})

test('a changed key that nobody has written: its readers run again', async () => {
  const { runtime, ran, plan } = await published()
  const state = stateOf({ reader: 'experts' })
  expect(await runtime.fork('run', { runId: 'look', from: 'publish', state, isCheck: true })).toEqual({
    runId: 'look',
    kept: ['draft', 'facts'],
    again: ['review', 'ok', 'publish'],
  })
  expect(await runtime.journal.header('look')).toBeNull()
  await runtime.fork('run', { runId: 'fork', from: 'publish', state })
  await runtime.settle()
  expect(ran).toEqual(['fork/review'])
  expect((await outputsOf(runtime, plan, 'fork'))['review']).toBe('review of draft on cats for experts')
})

test('a changed key that a step has written stands in for what the step left', async () => {
  const { runtime, ran, plan } = await published()
  const reply = await runtime.fork('run', { runId: 'fork', from: 'review', state: stateOf({ draft: 'my own text' }) })
  expect(reply.kept).toEqual(['draft', 'facts'])
  await runtime.settle()
  expect(ran).toEqual(['fork/review'])
  const outputs = await outputsOf(runtime, plan, 'fork')
  expect(outputs).toMatchObject({ draft: 'my own text', review: 'review of my own text for all' })
})

test('signals stay, and a failed step beside the others is tried again', async () => {
  const plan = compileYaml(`
name: wf
config: {on_step_failure: continue}
steps:
  - {id: a, type: function, handler: echo, input: {text: 1}, depends_on: []}
  - {id: bad, type: function, handler: nobody, input: {}, depends_on: []}
  - {id: wait, type: wait_for, signal: paid, depends_on: [a]}
  - {id: b, type: function, handler: echo, input: {text: 2}, depends_on: [wait]}`).plan
  const ran: string[] = []
  const failing = defineFunction({ name: 'nobody', input: z.object({}), run: () => Promise.reject(new Error('no')) })
  const runtime = new MemoryRuntime({ functions: [echo(ran), failing] })
  await runtime.start(plan)
  await runtime.signal('paid', 12)
  await runtime.settle()
  expect(await runtime.fork('run', { runId: 'fork', from: 'wait' })).toMatchObject({
    kept: ['a'],
    again: ['wait', 'b'],
  })
  await runtime.settle()
  expect((await runtime.view(plan, 'fork')).steps.map(({ id, status }) => `${id} ${status}`)).toEqual([
    'a success',
    'bad failed',
    'wait success',
    'b success',
  ])
  expect(ran).toEqual(['run/a', 'run/b', 'fork/b'])
})

test('what cannot be forked says why', async () => {
  const { runtime } = await published()
  const fork = (from: string, runId = 'fork') => runtime.fork('run', { runId, from })
  await expect(fork('reviw')).rejects.toMatchObject({ code: 'fork/step', help: 'did you mean review?' })
  await expect(fork('review', 'run')).rejects.toMatchObject({ code: 'fork/id' })
  await expect(runtime.fork('nobody', { runId: 'x', from: 'a' })).rejects.toMatchObject({ code: 'run/not-found' })
})
