import { compileYaml, defineFunction, type FunctionDefinition, type Plan } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { MemoryRuntime } from '../testing/memory-runtime.ts'
import { MigrationRefusedError } from './errors.ts'

const STEPS = {
  a: '{id: a, type: function, handler: echo, input: {text: "a {state.topic}"}, output: a}',
  way: '{id: way, type: router, conditions: [{expression: "state.topic == \'cats\'", target: left}], default: right, depends_on: [a]}',
  left: '{id: left, type: function, handler: echo, input: {text: l}, depends_on: [way]}',
  right: '{id: right, type: function, handler: echo, input: {text: r}, depends_on: [way]}',
  ok: '{id: ok, type: approval_gate, depends_on: [left]}',
  end: '{id: end, type: function, handler: echo, input: {text: "end {state.a}"}, depends_on: [ok]}',
} as const

type StepId = keyof typeof STEPS | 'more'

function planWith(
  changed: Partial<Record<StepId, string | null>> = {},
  head = 'state: {topic: cats}',
  name = 'wf',
): Plan {
  const steps = Object.entries({ ...STEPS, ...changed }).flatMap(([, text]) => (text === null ? [] : [`  - ${text}`]))
  return compileYaml(`name: ${name}\n${head}\nsteps:\n${steps.join('\n')}\n`).plan
}

function echo(ran: string[] = []): FunctionDefinition {
  return defineFunction({
    name: 'echo',
    input: z.object({ text: z.unknown() }),
    run: ({ text }, { stepId }) => {
      ran.push(stepId)
      return text
    },
  })
}

async function atTheGate(ran: string[] = []): Promise<MemoryRuntime> {
  const runtime = new MemoryRuntime({ functions: [echo(ran)] })
  expect((await runtime.run(planWith())).status).toBe('paused')
  ran.length = 0
  return runtime
}

async function reasonsAgainst(runtime: MemoryRuntime, to: Plan): Promise<readonly string[]> {
  const before = await runtime.journal.load('run')
  const problems = await runtime.migrate('run', to).then(
    () => [],
    (error: unknown) => {
      if (error instanceof MigrationRefusedError) return error.problems
      throw error
    },
  )
  expect(await runtime.journal.load('run')).toEqual(before)
  return problems.map(({ kind, stepId, field }) => [kind, stepId, field].filter((part) => part !== null).join(' '))
}

test('what has not begun may change, come and go: the run goes on by the new file', async () => {
  const ran: string[] = []
  const runtime = await atTheGate(ran)
  const to = planWith({
    end: '{id: end, type: function, handler: echo, input: {text: "the end"}, depends_on: [more]}',
    more: '{id: more, type: function, handler: echo, input: {text: m}, depends_on: [ok]}',
  })
  expect(await runtime.migrate('run', to)).toMatchObject({ outcome: 'migrated', to: to.hash })
  expect(await runtime.migrate('run', to)).toMatchObject({ outcome: 'same' })
  expect((await runtime.view(to)).status).toBe('paused')
  await runtime.decide('ok', 'approved')
  await runtime.settle()
  expect(ran).toEqual(['more', 'end'])
  const view = await runtime.view(to)
  expect(view.status).toBe('success')
  expect(view.steps.find(({ id }) => id === 'end')?.output).toBe('the end')
  expect(view.steps.find(({ id }) => id === 'right')).toMatchObject({ status: 'skipped', error: null })
})

test.each<[string, Plan, readonly string[]]>([
  [
    'another prompt',
    planWith({ a: '{id: a, type: function, handler: echo, input: {text: "b"}, output: a}' }),
    ['changed a input'],
  ],
  ['another output key', planWith({ a: STEPS.a.replace('output: a', 'output: b') }), ['changed a output']],
  [
    'a step gone that is done',
    planWith({ a: null, way: STEPS.way.replace('[a]', '[]') }),
    ['missing a', 'changed way depends_on'],
  ],
  [
    'a gate with another time-out',
    planWith({ ok: STEPS.ok.replace('depends_on', 'timeout_seconds: 5, depends_on') }),
    ['changed ok timeout_seconds'],
  ],
  [
    'a new step before one that is done',
    planWith({
      more: '{id: more, type: function, handler: echo, input: {text: m}, depends_on: []}',
      left: STEPS.left.replace('[way]', '[way, more]'),
    }),
    ['changed left depends_on'],
  ],
  ['another initial state', planWith({}, 'state: {topic: dogs}'), ['state state.topic']],
  ['another workflow', planWith({}, 'state: {topic: cats}', 'other'), ['name name']],
])('%s: refused, with every reason', async (_, to, reasons) => {
  expect(await reasonsAgainst(await atTheGate(), to)).toEqual(reasons)
})

test('a run that a worker is at is refused, a run that is over, too; a failed step may be mended', async () => {
  const runtime = new MemoryRuntime({ functions: [] }) // nobody has the handler
  await runtime.start(planWith())
  const claim = {
    offer: { runId: 'run', stepId: 'a', epoch: 0 },
    nonce: 'n',
    worker: 'w',
    leaseMs: 1,
    reads: [],
    isDecided: false,
  }
  await runtime.journal.claim(claim)
  expect(await reasonsAgainst(runtime, planWith({ end: null }))).toEqual(['in-flight a'])

  const ran: string[] = []
  const failing = defineFunction({ name: 'bad', input: z.object({}), run: () => Promise.reject(new Error('no')) })
  const again = new MemoryRuntime({ functions: [echo(ran), failing] })
  const broken = planWith({ a: '{id: a, type: function, handler: bad, input: {}, output: a}' })
  expect((await again.run(broken)).status).toBe('failed')
  expect(await again.migrate('run', planWith())).toMatchObject({ outcome: 'migrated' })
  expect((await again.view(planWith())).status).toBe('failed')
  await again.resume(planWith())
  await again.settle()
  expect(ran).toEqual(['a', 'left'])
  await again.decide('ok', 'approved')
  await again.settle()
  expect((await again.view(planWith())).status).toBe('success')
  expect(await reasonsAgainst(again, planWith({ end: null }))).toContain('over')
})
