import { AgentloomError, compileYaml, defineFunction, type Plan } from '@agentloom/workflow'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { MemoryRuntime } from '../testing/memory-runtime.ts'
import { scriptedModel, scriptedTools } from './scripted.fixture.ts'

function planOf(body: string, more = ''): Plan {
  return compileYaml(`
name: t
steps:
  - id: each
    type: foreach
    items: state.items
    step: ${body}
    output: results
    retry: {max_retries: 0}
${more}`).plan
}

/** What the test's handler does with an item. */
function handler(run: (item: unknown, index: number) => unknown) {
  return defineFunction({
    name: 'do',
    input: z.object({ item: z.unknown(), index: z.int() }),
    run: ({ item, index }) => run(item, index),
  })
}

const DO = '{type: function, handler: do, input: {item: state.item, index: state.index}, retry: {max_retries: 0}}'

test('the list is in the order of the items, whoever ends first, and so many are at work at once', async () => {
  let atWork = 0
  let most = 0
  const functions = [
    handler(async (item, index) => {
      most = Math.max(most, (atWork += 1))
      for (let turn = 0; turn < 8 - index; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      atWork -= 1
      return `${String(item)}${index}`
    }),
  ]
  const view = await new MemoryRuntime({ functions }).run(planOf(DO, '    max_concurrent: 3'), {
    items: ['a', 'b', 'c', 'd', 'e'],
  })
  expect(view.state).toMatchObject({ results: ['a0', 'b1', 'c2', 'd3', 'e4'] })
  expect(view.steps).toMatchObject([{ id: 'each', status: 'success' }])
  expect(most).toBe(3)
})

test.each([
  [[], []],
  [[null], ['null0']],
])('items %j', async (items, results) => {
  const functions = [handler((item, index) => `${String(item)}${index}`)]
  const view = await new MemoryRuntime({ functions }).run(planOf(DO), { items })
  expect(view.state['results']).toEqual(results)
})

test('what is no list fails the step', async () => {
  const view = await new MemoryRuntime({ functions: [handler(() => 1)] }).run(planOf(DO), { items: { a: 1 } })
  expect(view.steps[0]).toMatchObject({ status: 'failed', error: { code: 'step/input' } })
})

test('a failing item fails the step after the others have ended', async () => {
  const done: number[] = []
  const functions = [
    handler((_item, index) => {
      if (index === 1 || index === 3) throw new Error(`bad ${index}`)
      done.push(index)
      return index
    }),
  ]
  const view = await new MemoryRuntime({ functions }).run(planOf(DO, '    max_concurrent: 1'), {
    items: [0, 1, 2, 3, 4],
  })
  expect(done).toEqual([0, 2, 4])
  expect(view.steps[0]).toMatchObject({ status: 'failed', error: { message: 'item 1: Error: bad 1 (and 1 more)' } })
})

class ForGood extends AgentloomError {
  readonly code = 'test/for-good'
  readonly retryable = false
}

test.each([
  ['no item can ever pass', ['x'], 1],
  ['one may', ['x', 1], 3],
])('the step is tried again only while an item may pass: %s', async (_, items, attempts) => {
  const broken = defineFunction({
    name: 'do',
    input: z.object({ item: z.int(), index: z.int() }),
    run: () => Promise.reject(new Error('not now')),
  })
  const plan = compileYaml(`
name: t
steps:
  - {id: each, type: foreach, items: state.items, step: ${DO}, output: results, retry: {max_retries: 2}}`).plan
  const view = await new MemoryRuntime({ functions: [broken] }).run(plan, { items })
  expect(view.steps).toMatchObject([{ status: 'failed', attempts }])
})

test('each item has its own retries and deadline', async () => {
  const tries = [0, 0, 0]
  const functions = [
    handler((_item, index) => {
      tries[index] = (tries[index] ?? 0) + 1
      if (index === 0 && tries[0] === 1) throw new Error('once')
      if (index === 1) throw new ForGood('never')
      if (index === 2) return new Promise(() => undefined)
      return 'ok'
    }),
  ]
  const body =
    '{type: function, handler: do, input: {item: state.item, index: state.index}, timeout: 2, retry: {max_retries: 1}}'
  const runtime = new MemoryRuntime({ functions })
  const plan = planOf(body)
  await runtime.start(plan, { items: [0, 1, 2] })
  const settled = runtime.settle()
  for (let at = 0; at < 20; at += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    runtime.clock.advance(500)
  }
  await settled
  expect(tries).toEqual([2, 1, 2])
  expect((await runtime.view(plan)).steps[0]?.error?.message).toBe('item 1: never (and 1 more)')
})

describe('who goes on', () => {
  test.each([0, 3, 7])('after a worker was lost in item %i repeats no item that had ended', async (lostAt) => {
    const begun: number[] = []
    const functions = [
      handler((_item, index) => {
        begun.push(index)
        if (index === lostAt && begun.filter((at) => at === lostAt).length === 1) runtime.claims.abort('drain')
        return index * 10
      }),
    ]
    const runtime = new MemoryRuntime({ functions })
    const view = await runtime.run(planOf(DO, '    max_concurrent: 1'), { items: [0, 1, 2, 3, 4, 5, 6, 7] })
    expect(view.state['results']).toEqual([0, 10, 20, 30, 40, 50, 60, 70])
    expect(begun.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, lostAt].toSorted((a, b) => a - b))
  })

  test('at another attempt of the step makes only the failed items again', async () => {
    const begun: number[] = []
    const functions = [
      handler((_item, index) => {
        begun.push(index)
        if (index === 1 && begun.filter((at) => at === 1).length < 3) throw new Error('bad')
        return index
      }),
    ]
    const plan = compileYaml(`
name: t
steps:
  - {id: each, type: foreach, items: state.items, step: ${DO}, output: results, retry: {max_retries: 2}}`).plan
    const view = await new MemoryRuntime({ functions }).run(plan, { items: [0, 1, 2] })
    expect(view.state['results']).toEqual([0, 1, 2])
    expect(begun).toEqual([0, 1, 2, 1, 1])
    expect(view.steps[0]?.attempts).toBe(3)
  })

  test('after a resume makes only the failed items again', async () => {
    let isBad = true
    const begun: number[] = []
    const functions = [
      handler((_item, index) => {
        begun.push(index)
        if (index === 1 && isBad) throw new Error('bad')
        return index
      }),
    ]
    const runtime = new MemoryRuntime({ functions })
    const plan = planOf(DO)
    await runtime.run(plan, { items: [0, 1, 2] })
    await runtime.resume(plan)
    await runtime.settle()
    isBad = false
    await runtime.resume(plan)
    await runtime.settle()
    expect((await runtime.view(plan)).state['results']).toEqual([0, 1, 2])
    expect(begun).toEqual([0, 1, 2, 1, 1])
  })

  test('after a resume that runs the source of its items again begins with all of them', async () => {
    let isBad = true
    const functions = [
      handler((item) => {
        if (item === 1 && isBad) throw new Error('bad')
        return item
      }),
      defineFunction({
        name: 'source',
        input: z.object({}),
        run() {
          if (isBad) throw new Error('no source')
          return [5, 6]
        },
      }),
    ]
    const plan = compileYaml(`
name: t
config: {on_step_failure: continue}
state: {items: [0, 1]}
steps:
  - {id: source, type: function, handler: source, output: items, retry: {max_retries: 0}}
  - {id: each, type: foreach, depends_on: [source], items: state.items, step: ${DO}, output: results, retry: {max_retries: 0}}`).plan
    const runtime = new MemoryRuntime({ functions })
    expect((await runtime.run(plan)).status).toBe('failed')
    isBad = false
    await runtime.resume(plan)
    await runtime.settle()
    expect((await runtime.view(plan)).state['results']).toEqual([5, 6])
  })

  test('in the middle of items’ agent loops repeats none of their calls', async () => {
    let isLost = false
    const asked: string[] = []
    const { models } = scriptedModel((request) => {
      const { content } = request.messages[0] ?? { content: '' }
      const turn = request.messages.filter(({ role }) => role === 'assistant').length
      asked.push(`${content} ${turn}`)
      if (content === 'Go 2' && turn === 2 && !isLost) {
        isLost = true
        runtime.claims.abort('drain')
      }
      return turn === 3 ? `done ${content}` : { calls: [{ name: 'read', arguments: { turn } }] }
    })
    const { box, calls } = scriptedTools({ read: { run: ({ turn }) => `r${String(turn)}` } })
    const runtime = new MemoryRuntime({ models, tools: box })
    const body = '{type: llm_call, prompt: "Go {state.item}", tools: [{name: read}]}'
    const view = await runtime.run(planOf(body, '    max_concurrent: 2'), { items: [1, 2, 3] })
    expect(view.state['results']).toEqual(['done Go 1', 'done Go 2', 'done Go 3'])
    expect(view.steps[0]).toMatchObject({ tokens: 120, costNanoUsd: 1_200 })
    expect(new Set(calls.map(({ key }) => key)).size).toBe(9)
    // Twice only what was under way: both items were.
    expect(asked.length).toBeLessThanOrEqual(14)
    expect(asked.filter((what) => what === 'Go 2 1')).toHaveLength(1)
  })
})

test('other bodies: a tool, a router, a template in each', async () => {
  const { box } = scriptedTools({ read: { run: ({ path }) => `text of ${String(path)}` } })
  const runtime = new MemoryRuntime({ tools: box })
  const tool = '{type: tool, tool_name: read, tool_args: {path: "{state.index}-{state.item.name}"}}'
  const view = await runtime.run(planOf(tool), { items: [{ name: 'a' }, { name: 'b' }] })
  expect(view.state['results']).toEqual(['text of 0-a', 'text of 1-b'])
  const router = '{type: router, conditions: [{expression: "state.item > 1", target: big}], default: small}'
  const routed = await new MemoryRuntime().run(planOf(router), { items: [1, 2] })
  expect(routed.state['results']).toEqual(['small', 'big'])
})

test('each item is written down once, and so is what it cost', async () => {
  const { models } = scriptedModel((_request, count) => `answer ${count}`)
  const runtime = new MemoryRuntime({ models })
  const view = await runtime.run(planOf('{type: llm_call, prompt: "{state.item}"}'), { items: ['a', 'b', 'c'] })
  expect(view.steps[0]).toMatchObject({ tokens: 30, costNanoUsd: 300 })
  const notes = (await runtime.journal.notes('run', 'each')).map((text): unknown => JSON.parse(text))
  const items = notes.flatMap((note) => (note as { items: unknown[] }).items)
  expect(items).toEqual([0, 1, 2].map((index) => ({ index, output: `answer ${index}` })))
})
