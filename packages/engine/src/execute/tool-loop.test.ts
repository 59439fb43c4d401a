import { AgentloomError, compileYaml, type Plan } from '@agentloom/workflow'
import { describe, expect, test } from 'vitest'
import { MemoryRuntime } from '../testing/memory-runtime.ts'
import { scriptedModel, scriptedTools, type Answer } from './scripted.fixture.ts'

function loopPlan(more = '', config = ''): Plan {
  return compileYaml(`
name: t
${config}
steps:
  - id: draft
    type: llm_call
    prompt: Go
    tools: [{name: read}, {name: send}]
    max_tool_iterations: 200
    output: answer
${more}`).plan
}

const read = (path: string): Answer => ({ calls: [{ name: 'read', arguments: { path } }] })

test('calls of one answer run at once, and their results come in the order of the calls', async () => {
  const order: string[] = []
  const { box } = scriptedTools({
    read: {
      async run({ path }) {
        order.push(`begin ${String(path)}`)
        if (path === 'slow') await new Promise((resolve) => setImmediate(resolve))
        order.push(`end ${String(path)}`)
        return path === 'slow' ? 'S' : { n: 1.5, é: null }
      },
    },
  })
  const { models, requests } = scriptedModel((_request, count) =>
    count > 0
      ? 'done'
      : {
          text: 'Looking',
          calls: [
            { id: 'x', name: 'read', arguments: { path: 'slow' } },
            { id: 'y', name: 'read', arguments: { path: 'quick' } },
          ],
        },
  )
  const view = await new MemoryRuntime({ models, tools: box }).run(loopPlan())
  expect(view).toMatchObject({ status: 'success', state: { answer: 'done' } })
  expect(order).toEqual(['begin slow', 'begin quick', 'end quick', 'end slow'])
  expect(requests[1]?.messages.slice(1)).toEqual([
    {
      role: 'assistant',
      content: 'Looking',
      toolCalls: [
        { id: 'x', name: 'read', arguments: { path: 'slow' } },
        { id: 'y', name: 'read', arguments: { path: 'quick' } },
      ],
    },
    { role: 'tool', toolCallId: 'x', toolName: 'read', content: 'S', isError: false },
    { role: 'tool', toolCallId: 'y', toolName: 'read', content: '{"n": 1.5, "\\u00e9": null}', isError: false },
  ])
})

class Refused extends AgentloomError {
  readonly code = 'tool/failed'
  readonly retryable = false
}

test.each([
  ['a tool that fails', 'read', {}, "tool execution failed: 'path'"],
  ['arguments that are no object', 'read', null, 'tool execution failed: the arguments are not a JSON object'],
  [
    'a tool that nobody has',
    'find_star',
    {},
    `tool 'find_star' not registered: "Tool 'find_star' not found. Available: read, send"`,
  ],
  [
    'a tool that the step does not declare',
    'erase',
    {},
    `tool 'erase' not registered: "Tool 'erase' not found. Available: read, send"`,
  ],
])('%s is a text for the model', async (_what, name, args, text) => {
  const fail = () => {
    throw new Refused("Tool 'read' failed: 'path'")
  }
  const { box, calls } = scriptedTools({
    read: { run: fail },
    send: { run: () => null },
    erase: { run: () => 'erased' },
  })
  const { models, requests } = scriptedModel((_request, count) =>
    count === 0 ? { calls: [{ name, arguments: args }] } : 'ok',
  )
  const view = await new MemoryRuntime({ models, tools: box }).run(loopPlan())
  expect(view.status).toBe('success')
  expect(requests[1]?.messages.at(-1)).toMatchObject({ role: 'tool', content: text, isError: true })
  expect(calls.some((call) => call.name === 'erase')).toBe(false)
})

test('under compat a model may call what the step does not declare', async () => {
  const { box, calls } = scriptedTools({ erase: { run: () => 'erased' } })
  const { models } = scriptedModel((_request, count) =>
    count === 0 ? { calls: [{ name: 'erase', arguments: {} }] } : 'ok',
  )
  await new MemoryRuntime({ models, tools: box }).run(loopPlan('', 'config: {compat: agentloom}'))
  expect(calls.map(({ name }) => name)).toEqual(['erase'])
})

test('at the limit the last text is the answer, and the calls of the last turn are made', async () => {
  const { box, calls } = scriptedTools({ read: { run: () => 'tea' } })
  const { models, requests } = scriptedModel((_request, count) => ({ ...read(`f${count}`), text: `turn ${count}` }))
  const plan = compileYaml(`
name: t
steps: [{id: draft, type: llm_call, prompt: Go, tools: [{name: read}], max_tool_iterations: 3, output: answer}]`).plan
  const view = await new MemoryRuntime({ models, tools: box }).run(plan)
  expect(view.state['answer']).toBe('turn 2')
  expect([requests.length, calls.length]).toEqual([3, 3])
  expect(view.steps[0]).toMatchObject({ tokens: 30, costNanoUsd: 300, model: 'scripted' })
})

test('a worker that is lost in the calls of the last turn does not ask the model again', async () => {
  let isFirst = true
  const { box, calls } = scriptedTools({
    read: {
      run() {
        if (isFirst) runtime.claims.abort('drain')
        isFirst = false
        return 'tea'
      },
    },
  })
  const { models, requests } = scriptedModel(() => ({ ...read('f'), text: 'only' }))
  const plan = compileYaml(`
name: t
steps: [{id: draft, type: llm_call, prompt: Go, tools: [{name: read}], max_tool_iterations: 1, output: answer}]`).plan
  const runtime = new MemoryRuntime({ models, tools: box })
  const view = await runtime.run(plan)
  expect(view).toMatchObject({ status: 'success', state: { answer: 'only' }, tokens: 10 })
  expect([requests.length, calls.length]).toEqual([1, 2])
})

test('with tool_choice none every call is refused, and the model is told so', async () => {
  const { box, calls } = scriptedTools({ read: { run: () => 'tea' } })
  const { models, requests } = scriptedModel((_request, count) => (count === 0 ? read('f') : 'so'))
  const view = await new MemoryRuntime({ models, tools: box }).run(loopPlan('    tool_choice: none'))
  expect(view.state['answer']).toBe('so')
  expect(calls).toEqual([])
  expect(requests[1]?.messages.at(-1)).toMatchObject({ role: 'tool', isError: true })
})

test('without tools calls are ignored', async () => {
  const { box, calls } = scriptedTools({ read: { run: () => 'tea' } })
  const { models } = scriptedModel(() => ({ ...read('f'), text: 'so' }))
  const plan = compileYaml('name: t\nsteps: [{id: draft, type: llm_call, prompt: Go, output: answer}]').plan
  const view = await new MemoryRuntime({ models, tools: box }).run(plan)
  expect(view.state['answer']).toBe('so')
  expect(calls).toEqual([])
})

test('a step with tools does not stream', async () => {
  const { models, requests } = scriptedModel(() => 'so')
  await new MemoryRuntime({ models }).run(loopPlan('    stream: true'))
  expect(requests[0]?.stream).toBe(false)
})

/** Answers 12 times: 11 with two calls each, then with a text. */
const twelve = (_request: unknown, turn: number): Answer | string =>
  turn === 11
    ? 'done'
    : {
        calls: [
          { id: `r${turn}`, name: 'read', arguments: { turn } },
          { id: `s${turn}`, name: 'send', arguments: { turn } },
        ],
      }

const turnOf = (messages: readonly { readonly role: string }[]): number =>
  messages.filter(({ role }) => role === 'assistant').length

describe('a worker that is lost in the middle', () => {
  // Every model call and every tool call of the loop: before it is answered, and after.
  const points = Array.from({ length: 12 }, (_, turn) => ['model', 'read', 'send'].map((what) => ({ what, turn })))

  test.each(points.flat())('in $what of turn $turn repeats nothing that was recorded', async ({ what, turn }) => {
    const answered = { model: [] as number[], read: [] as number[], send: [] as number[] }
    let isLost = false
    const lose = (here: string, at: number): void => {
      if (isLost || here !== what || at !== turn) return
      isLost = true
      runtime.claims.abort('drain')
    }
    const { models, requests } = scriptedModel((request) => {
      const at = turnOf(request.messages)
      lose('model', at)
      answered.model.push(at)
      return twelve(null, at)
    })
    const tool = (name: 'read' | 'send') => ({
      run: async (args: { readonly [name: string]: unknown }) => {
        const at = Number(args['turn'])
        if (name === 'send') await new Promise((resolve) => setImmediate(resolve))
        lose(name, at)
        answered[name].push(at)
        return `${name} ${at}`
      },
    })
    const { box } = scriptedTools({ read: tool('read'), send: tool('send') })
    const runtime = new MemoryRuntime({ models, tools: box })
    const view = await runtime.run(loopPlan())
    expect(view).toMatchObject({ status: 'success', state: { answer: 'done' } })
    // Only what was under way when the worker was lost may have been done twice.
    for (const [name, turns] of Object.entries(answered)) {
      const twice = turns.filter((at, index) => turns.indexOf(at) !== index)
      const mayRepeat = isLost && (name === what || (what === 'read' && name === 'send')) ? [turn] : []
      expect(mayRepeat).toEqual(expect.arrayContaining(twice))
      if (name === what && !(turn === 11 && what !== 'model')) expect(twice).toEqual([turn])
    }
    expect(requests.at(-1)?.messages).toHaveLength(1 + 11 * 3)
    const notes = await runtime.journal.notes('run', 'draft')
    expect(view.steps[0]?.tokens).toBe(120)
    expect(notes.filter((note) => note.includes('"answered"'))).toHaveLength(11)
  })

  test('keys of calls stay the same', async () => {
    const { models } = scriptedModel((request) => twelve(null, turnOf(request.messages)))
    let isFirst = true
    const { box, calls } = scriptedTools({
      read: {
        run({ turn }) {
          if (turn === 4 && isFirst) {
            isFirst = false
            runtime.claims.abort('drain')
          }
          return 'x'
        },
      },
      send: { run: () => 'y' },
    })
    const runtime = new MemoryRuntime({ models, tools: box })
    await runtime.run(loopPlan())
    const keys = calls.filter(({ name, args }) => name === 'read' && args['turn'] === 4).map(({ key }) => key)
    expect(keys).toEqual(['run:draft:1:4:0', 'run:draft:1:4:0'])
    expect(new Set(calls.map(({ key }) => key)).size).toBe(22)
  })
})

test('a retry goes on where the failed attempt stood', async () => {
  let fails = 1
  const { box, calls } = scriptedTools({ read: { run: () => 'tea' } })
  const { models, requests } = scriptedModel((request) => {
    const turn = turnOf(request.messages)
    if (turn === 2 && fails-- > 0) return new Error('no line')
    return turn === 3 ? 'done' : read(`f${turn}`)
  })
  const runtime = new MemoryRuntime({ models, tools: box })
  const view = await runtime.run(loopPlan('    retry: {max_retries: 1}'))
  expect(view.state['answer']).toBe('done')
  expect([requests.length, calls.length]).toEqual([5, 3])
  expect(view.steps[0]).toMatchObject({ attempts: 2, tokens: 40 })
})

test('bytes that are written follow the new message, not the conversation', async () => {
  // 100 turns of 2,000 tokens: 8,000 characters each.
  const page = 'lorem ipsum '.repeat(700).slice(0, 8_000)
  const { box } = scriptedTools({ read: { run: () => page } })
  const { models, requests } = scriptedModel((_request, count) => (count === 100 ? 'done' : read(`f${count}`)))
  const runtime = new MemoryRuntime({ models, tools: box })
  const view = await runtime.run(loopPlan())
  expect(view.state['answer']).toBe('done')
  const conversation = requests.at(-1)?.messages.reduce((sum, { content }) => sum + content.length, 0) ?? 0
  expect(conversation).toBeGreaterThan(800_000)
  const written = JSON.stringify((await runtime.journal.load('run'))?.records).length
  expect(written).toBeLessThan(1.2 * conversation)
})

describe('a call of which nobody knows whether it happened', () => {
  const lostIn = (onUnknown: 'retry' | 'ask' | 'verify', found: { readonly result: string } | null = null) => {
    let isFirst = true
    const { models, requests } = scriptedModel((request) =>
      turnOf(request.messages) === 0 ? { calls: [{ name: 'send', arguments: { to: 'Ada' } }] } : 'done',
    )
    const { box, calls } = scriptedTools({
      send: {
        onUnknown,
        verify: () => found,
        run() {
          if (isFirst) runtime.claims.abort('drain')
          isFirst = false
          return 'sent'
        },
      },
    })
    const runtime = new MemoryRuntime({ models, tools: box })
    return { runtime, requests, calls, result: () => requests.at(-1)?.messages.at(-1)?.content }
  }

  test('is made again', async () => {
    const { runtime, calls, result } = lostIn('retry')
    await runtime.run(loopPlan())
    expect([calls.length, result()]).toEqual([2, 'sent'])
  })

  test('is looked for, and found', async () => {
    const { runtime, calls, result } = lostIn('verify', { result: 'sent before' })
    await runtime.run(loopPlan())
    expect([calls.length, result()]).toEqual([1, 'sent before'])
  })

  test('is looked for, and made again if it is not found', async () => {
    const { runtime, calls, result } = lostIn('verify')
    await runtime.run(loopPlan())
    expect([calls.length, result()]).toEqual([2, 'sent'])
  })

  test.each([
    ['retry', 2, 'sent'],
    ['skip', 1, 'tool execution failed: nobody knows whether this call happened, and it was not made again'],
  ])('waits for a human, who says %s', async (decision, count, text) => {
    const { runtime, calls, result } = lostIn('ask')
    const plan = loopPlan()
    const parked = await runtime.run(plan)
    expect(parked.status).toBe('parked')
    expect(calls.length).toBe(1)
    expect(await runtime.decide(null, decision)).toMatchObject({ outcome: 'decided' })
    await runtime.settle()
    const view = await runtime.view(plan)
    expect(view).toMatchObject({ status: 'success', state: { answer: 'done' } })
    expect([calls.length, result()]).toEqual([count, text])
  })
})

test('a decision answers one question: whoever is lost again is asked again', async () => {
  let lost = 0
  const { models } = scriptedModel((request) =>
    turnOf(request.messages) === 0 ? { calls: [{ name: 'send', arguments: {} }] } : 'done',
  )
  const { box, calls } = scriptedTools({
    send: {
      onUnknown: 'ask',
      run() {
        if (lost++ < 2) runtime.claims.abort('drain')
        return 'sent'
      },
    },
  })
  const runtime = new MemoryRuntime({ models, tools: box })
  const plan = loopPlan()
  await runtime.run(plan)
  for (const status of ['parked', 'success']) {
    await runtime.decide(null, 'retry')
    await runtime.settle()
    expect((await runtime.view(plan)).status).toBe(status)
  }
  expect(calls.length).toBe(3)
})
