import { Float } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineTool } from './define-tool.ts'
import { startedRun } from './run-folder.fixture.ts'

const addDays = defineTool({
  name: 'add-days',
  description: 'Adds days to a date.',
  input: z.object({ date: z.iso.date(), days: z.number().default(1) }),
  run: ({ date, days }) => ({ date: new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10), days }),
})
const throwing = (value: unknown) =>
  defineTool({
    name: 'throwing',
    input: z.object({}),
    run() {
      throw value
    },
  })

test('a custom tool gets checked input with plain numbers and gives a value', async () => {
  await using run = await startedRun({ tools: [addDays] })
  expect(run.box.names()).toEqual(['add-days', 'file_read', 'file_write', 'http_request', 'shell_command'])
  expect(await run.call('add-days', { date: '2024-02-28', days: new Float(2) })).toEqual({
    date: '2024-03-01',
    days: 2,
  })
  expect(await run.call('add-days', { date: '2024-02-28' })).toEqual({ date: '2024-02-29', days: 1 })
})

test('input that does not fit names each place', async () => {
  await using run = await startedRun({ tools: [addDays] })
  await expect(run.call('add-days', { date: 'soon', days: 'two' })).rejects.toMatchObject({
    code: 'tool/bad-input',
    retryable: false,
    place: 'input.date',
    message: expect.stringMatching(/^Tool 'add-days': input\.date: .*; input\.days: .*number/),
  })
})

test('it knows the step that calls it, and its folder', async () => {
  const context = defineTool({
    name: 'context',
    input: z.object({}),
    run: (_input, context) => ({ ...context, signal: context.signal.aborted }),
  })
  await using run = await startedRun({ tools: [context] })
  expect(await run.call('context', {})).toEqual({
    runId: 'run1',
    stepId: 'step1',
    idempotencyKey: 'run1:step1:1',
    runFolder: run.folder,
    signal: false,
  })
})

const liar = Object.defineProperty(new Error(), 'message', {
  get() {
    throw new Error('hidden')
  },
})
test.each([
  [new Error('no fax'), 'no fax'],
  [null, 'NonError: null'],
  [undefined, 'NonError: undefined'],
  ['oops', 'NonError: oops'],
  [Symbol('x'), 'NonError: Symbol(x)'],
  [Object.create(null), 'NonError: something that cannot be described'],
  [liar, 'NonError: something that cannot be described'],
])('whatever it throws is a failure that may be tried again', async (thrown, cause) => {
  await using run = await startedRun({ tools: [throwing(thrown)] })
  await expect(run.call('throwing', {})).rejects.toMatchObject({
    code: 'tool/failed',
    retryable: true,
    message: `Tool 'throwing' failed: ${cause}`,
  })
})

test('a long message is cut', async () => {
  await using run = await startedRun({ tools: [throwing(new Error('m'.repeat(1e6)))] })
  await expect(run.call('throwing', {})).rejects.toSatisfy((error: Error) => error.message.length < 10_000)
})

test('a result that is no JSON is refused for good', async () => {
  const odd = defineTool({ name: 'odd', input: z.object({}), run: () => ({ when: new Map() }) })
  await using run = await startedRun({ tools: [odd] })
  await expect(run.call('odd', {})).rejects.toMatchObject({ code: 'result/not-json', retryable: false })
})

test('a tool that does not listen holds nobody up when the step is ended', async () => {
  const started = Promise.withResolvers<void>()
  const deaf = defineTool({
    name: 'deaf',
    input: z.object({}),
    run: () => {
      started.resolve()
      return new Promise(() => {})
    },
  })
  await using run = await startedRun({ tools: [deaf] })
  const step = new AbortController()
  const answer = run.call('deaf', {}, step.signal)
  await started.promise
  const reason = new Error('timed out')
  step.abort(reason)
  await expect(answer).rejects.toBe(reason)
})

test('a failure that comes after the end of the step is nobody’s unhandled rejection', async () => {
  const late = Promise.withResolvers<never>()
  const step = new AbortController()
  const tool = defineTool({
    name: 'late',
    input: z.object({}),
    run: () => (step.abort(new Error('over')), late.promise),
  })
  await using run = await startedRun({ tools: [tool] })
  await expect(run.call('late', {}, step.signal)).rejects.toThrow('over')
  late.reject(new Error('late'))
})

test('names are checked and taken once', async () => {
  expect(() => defineTool({ name: 'a b', input: z.object({}), run: () => 1 })).toThrow("tool name 'a b' does not match")
  await expect(startedRun({ tools: [addDays, addDays] })).rejects.toMatchObject({ code: 'tool/bad-definition' })
  await expect(startedRun({ tools: [{ ...addDays, name: 'file_read' }] })).rejects.toThrow(
    "two tools are named 'file_read'",
  )
})

test.each(['send_fax', 'file_reader', '__proto__', 'constructor'])('there is no tool %s', async (name) => {
  await using run = await startedRun()
  await expect(run.call(name, {})).rejects.toMatchObject({
    code: 'tool/unknown',
    retryable: false,
    message: `Tool '${name}' not found. Available: file_read, file_write, http_request, shell_command`,
  })
})

test('a tool has a deadline of its own', async () => {
  let isStopped = false
  const slow = defineTool({
    name: 'slow',
    input: z.object({}),
    timeoutMs: 20,
    run: (_input, { signal }) =>
      new Promise(() => {
        signal.addEventListener('abort', () => (isStopped = true))
      }),
  })
  await using run = await startedRun({ tools: [slow] })
  await expect(run.call('slow', {})).rejects.toMatchObject({
    code: 'tool/failed',
    retryable: true,
    message: "Tool 'slow' failed: timed out after 20 ms",
  })
  expect(isStopped).toBe(true)
  expect(() => defineTool({ name: 'x', input: z.object({}), timeoutMs: 0, run: () => 1 })).toThrow(/timeoutMs/)
})

test('a tool says what is to be done about a call that a crash has hidden', async () => {
  const sent = new Map([['run1:step1:1', { id: 7 }]])
  const send = defineTool({
    name: 'send',
    input: z.object({ to: z.string() }),
    onUnknown: { verify: ({ to }, { idempotencyKey }) => (to === 'Ada' ? sent.get(idempotencyKey) : undefined) },
    run: () => ({ id: 8 }),
  })
  const pay = defineTool({ name: 'pay', input: z.object({}), onUnknown: 'ask', run: () => 1 })
  await using run = await startedRun({ tools: [send, pay] })
  expect(['send', 'pay', 'file_read', 'nobody'].map((name) => run.box.onUnknown(name))).toEqual([
    'verify',
    'ask',
    'retry',
    'retry',
  ])
  expect(await run.verify('send', { to: 'Ada' })).toEqual({ result: { id: 7 } })
  expect(await run.verify('send', { to: 'Bob' })).toBe(null)
  await expect(run.verify('send', {})).rejects.toMatchObject({ code: 'tool/bad-input' })
  await expect(run.verify('nobody', {})).rejects.toMatchObject({ code: 'tool/unknown' })
})
