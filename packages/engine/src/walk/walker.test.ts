import { compileYaml, defineFunction, type Plan } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { MemoryRuntime, type MemoryRuntimeOptions } from '../testing/memory-runtime.ts'

const anything = z.looseObject({})

function planOf(steps: string, head = ''): Plan {
  return compileYaml(`name: t\n${head}\nsteps:\n${steps}`).plan
}

const echo = defineFunction({ name: 'echo', input: anything, run: (input) => input })

const statuses = async (runtime: MemoryRuntime, plan: Plan): Promise<Record<string, string>> =>
  Object.fromEntries((await runtime.view(plan)).steps.map(({ id, status }) => [id, status]))

test('a chain runs within one walk, and the records tell it in order', async () => {
  const plan = planOf(`
  - {id: a, type: function, handler: echo, input: {n: state.n}, output: x}
  - {id: b, type: function, handler: echo, depends_on: [a], input: {x: state.x}, output: y}
  - {id: c, type: function, handler: echo, depends_on: [b], input: {both: "{state.x} {state.steps.b.status}"}}`)
  const runtime = new MemoryRuntime({ functions: [echo] })
  const view = await runtime.run(plan, { n: 1 })
  expect(view.status).toBe('success')
  expect(view.state).toEqual({
    n: 1,
    x: { n: 1 },
    y: { x: { n: 1 } },
    steps: {
      a: { output: { n: 1 }, status: 'success' },
      b: { output: { x: { n: 1 } }, status: 'success' },
      c: { output: { both: "{'n': 1} success" }, status: 'success' },
    },
  })
  const kinds = (await runtime.journal.load('run'))?.records.map((record) =>
    'stepId' in record ? `${record.kind} ${record.stepId}` : record.kind,
  )
  expect(kinds).toEqual([
    'started',
    'claimed a',
    'committed a',
    'claimed b',
    'committed b',
    'claimed c',
    'committed c',
    'ended',
  ])
})

test('a step starts when its own edges are satisfied, not when a layer is done', async () => {
  const order: string[] = []
  let finishSlow = (): void => undefined
  const slow = defineFunction({
    name: 'slow',
    input: anything,
    run: () => new Promise<null>((resolve) => void (finishSlow = () => resolve(null))),
  })
  const note = defineFunction({
    name: 'note',
    input: z.object({ id: z.string() }),
    run: ({ id }) => {
      order.push(id)
      if (id === 'quick2') finishSlow()
      return null
    },
  })
  const plan = planOf(`
  - {id: slow, type: function, handler: slow}
  - {id: quick1, type: function, handler: note, input: {id: quick1}}
  - {id: quick2, type: function, handler: note, depends_on: [quick1], input: {id: quick2}}
  - {id: last, type: function, handler: note, depends_on: [slow], input: {id: last}}`)
  const view = await new MemoryRuntime({ functions: [slow, note], walks: 4 }).run(plan)
  expect(view.status).toBe('success')
  expect(order).toEqual(['quick1', 'quick2', 'last'])
})

test('a failed step is tried again after its wait, and every attempt has the same idempotency key', async () => {
  const keys: string[] = []
  const flaky = defineFunction({
    name: 'flaky',
    input: anything,
    run: (_, ctx) => {
      keys.push(`${ctx.idempotencyKey} ${ctx.attempt}`)
      if (ctx.attempt < 3) throw new Error('not yet')
      return 'done'
    },
  })
  const plan = planOf(`  - {id: a, type: function, handler: flaky, retry: {max_retries: 2, jitter: false}}`)
  const runtime = new MemoryRuntime({ functions: [flaky] })
  const startMs = runtime.clock.now()
  const view = await runtime.run(plan)
  expect(view.steps).toMatchObject([{ status: 'success', output: 'done', attempts: 3 }])
  expect(keys).toEqual(['run:a:1 1', 'run:a:1 2', 'run:a:1 3'])
  expect(runtime.clock.now() - startMs).toBe(3_000)
})

test('input that does not fit the handler fails for good, with the path', async () => {
  const strict = defineFunction({ name: 'strict', input: z.object({ n: z.number() }), run: ({ n }) => n })
  const plan = planOf(`  - {id: a, type: function, handler: strict, input: {n: text}}`)
  const view = await new MemoryRuntime({ functions: [strict] }).run(plan)
  expect(view.steps[0]).toMatchObject({
    status: 'failed',
    attempts: 1,
    error: { code: 'step/input', place: 'run run · step a' },
  })
  expect(view.steps[0]?.error?.message).toContain('$.n')
})

test.each([
  ['a function', () => () => 1, 'result/not-json'],
  [
    'a cycle',
    () => {
      const c: { c?: unknown } = {}
      c.c = c
      return c
    },
    'result/cyclic',
  ],
  ['11 MiB of text', () => 'x'.repeat(11 * 1024 * 1024), 'result/too-large'],
  ['half a character', () => 'a\ud800', 'result/character'],
])('what cannot be kept fails the step for good: %s', async (_, make, code) => {
  const odd = defineFunction({ name: 'odd', input: anything, run: make })
  const view = await new MemoryRuntime({ functions: [odd] }).run(planOf(`  - {id: a, type: function, handler: odd}`))
  expect(view.steps[0]).toMatchObject({ status: 'failed', attempts: 1, error: { code } })
})

test('a handler that never answers ends at its time-out, its signal fires, and a time-out counts as a failure', async () => {
  let signal: AbortSignal | undefined
  const stuck = defineFunction({
    name: 'stuck',
    input: anything,
    run: (_, ctx) => {
      signal = ctx.signal
      return new Promise<null>(() => undefined)
    },
  })
  const plan = planOf(`
  - {id: a, type: function, handler: stuck, timeout: 5, retry: {max_retries: 0}}
  - {id: b, type: function, handler: echo, depends_on: [a]}`)
  const runtime = new MemoryRuntime({ functions: [stuck, echo] })
  await runtime.start(plan)
  const settled = runtime.settle()
  await expect.poll(() => signal).toBeDefined()
  runtime.clock.advance(5_000)
  await settled
  expect(signal?.aborted).toBe(true)
  expect(await statuses(runtime, plan)).toEqual({ a: 'timeout', b: 'skipped' })
  expect((await runtime.view(plan)).status).toBe('failed')
})

test('a handler that spreads its context keeps signal and log', async () => {
  const spread = defineFunction({
    name: 'spread',
    input: anything,
    run: (_, ctx) => {
      const { signal, log } = { ...ctx }
      log('seen')
      return signal instanceof AbortSignal
    },
  })
  const runtime = new MemoryRuntime({ functions: [spread] })
  const view = await runtime.run(planOf(`  - {id: a, type: function, handler: spread}`))
  expect(view.steps[0]?.output).toBe(true)
  expect(runtime.events).toContainEqual({ kind: 'step-log', runId: 'run', stepId: 'a', message: 'seen', fields: {} })
})

test('a step whose function this process lacks stays ready for another', async () => {
  const plan = planOf(`  - {id: a, type: function, handler: elsewhere}`)
  const runtime = new MemoryRuntime()
  const view = await runtime.run(plan)
  expect(view.status).toBe('queued')
  expect(runtime.events).toEqual([{ kind: 'no-handler', runId: 'run', stepId: 'a', handler: 'elsewhere' }])
})

test('a cancelled run’s step is given up and writes nothing', async () => {
  let started = (): void => undefined
  const running = new Promise<void>((resolve) => void (started = resolve))
  const long = defineFunction({
    name: 'long',
    input: anything,
    run: () => (started(), new Promise<null>(() => undefined)),
  })
  const plan = planOf(`  - {id: a, type: function, handler: long}`)
  const runtime = new MemoryRuntime({ functions: [long] })
  await runtime.start(plan)
  const settled = runtime.settle()
  await running
  await runtime.journal.cancel('run', 'not wanted')
  await runtime.claims.beat()
  await settled
  expect((await runtime.view(plan)).status).toBe('cancelled')
  expect(runtime.events.map(({ kind }) => kind)).toEqual(['step-started', 'step-lost'])
  expect(runtime.claims.size).toBe(0)
})

test('a paused run hands its step back and goes on when it is resumed', async () => {
  let runs = 0
  let started = (): void => undefined
  const running = new Promise<void>((resolve) => void (started = resolve))
  const slow = defineFunction({
    name: 'slow',
    input: anything,
    run: () => ((runs += 1) === 1 ? (started(), new Promise<null>(() => undefined)) : 'second time'),
  })
  const plan = planOf(`
  - {id: a, type: function, handler: echo}
  - {id: b, type: function, handler: slow, depends_on: [a]}`)
  const runtime = new MemoryRuntime({ functions: [slow, echo] })
  await runtime.start(plan)
  const settled = runtime.settle()
  await running
  await runtime.journal.pause('run', 'Ctrl-C')
  runtime.claims.abort('pause', 'run')
  await settled
  expect((await runtime.view(plan)).status).toBe('paused')
  await runtime.resume(plan)
  await runtime.settle()
  const view = await runtime.view(plan)
  expect(view.status).toBe('success')
  expect(view.steps.map(({ id, attempts }) => [id, attempts])).toEqual([
    ['a', 1],
    ['b', 1],
  ])
})

test('a paused run commits what is in flight, and its walk goes no further', async () => {
  let finish = (): void => undefined
  let started = (): void => undefined
  const running = new Promise<void>((resolve) => void (started = resolve))
  const slow = defineFunction({
    name: 'slow',
    input: anything,
    run: () => (started(), new Promise<string>((resolve) => void (finish = () => resolve('paid for')))),
  })
  const plan = planOf(`
  - {id: a, type: function, handler: slow}
  - {id: b, type: function, handler: echo, depends_on: [a]}`)
  const runtime = new MemoryRuntime({ functions: [slow, echo] })
  await runtime.start(plan)
  const settled = runtime.settle()
  await running
  await runtime.journal.pause('run', 'for the night')
  await runtime.claims.beat()
  finish()
  await settled
  expect(await statuses(runtime, plan)).toEqual({ a: 'success' })
  expect((await runtime.view(plan)).status).toBe('paused')
})

test('a failed run resumed repeats only what failed and what that had skipped', async () => {
  const ran: string[] = []
  let isMended = false
  const work = defineFunction({
    name: 'work',
    input: z.object({ id: z.string() }),
    run: ({ id }) => {
      ran.push(id)
      if (id === 'b' && !isMended) throw new Error('broken')
      return id
    },
  })
  const plan = planOf(`
  - {id: a, type: function, handler: work, input: {id: a}}
  - {id: b, type: function, handler: work, input: {id: b}, retry: {max_retries: 0}}
  - {id: c, type: function, handler: work, input: {id: c}, depends_on: [a, b]}`)
  const runtime = new MemoryRuntime({ functions: [work] })
  expect((await runtime.run(plan)).status).toBe('failed')
  expect(await statuses(runtime, plan)).toEqual({ a: 'success', b: 'failed', c: 'skipped' })
  isMended = true
  ran.length = 0
  await runtime.resume(plan)
  await runtime.settle()
  expect(ran).toEqual(['b', 'c'])
  expect((await runtime.view(plan)).status).toBe('success')
})

test('no more steps are in flight than the run allows', async () => {
  let inFlight = 0
  let most = 0
  const busy = defineFunction({
    name: 'busy',
    input: anything,
    run: async () => {
      inFlight += 1
      most = Math.max(most, inFlight)
      await Promise.resolve()
      inFlight -= 1
      return null
    },
  })
  const steps = Array.from({ length: 40 }, (_, index) => `  - {id: s${index}, type: function, handler: busy}`).join(
    '\n',
  )
  const options: MemoryRuntimeOptions = { functions: [busy], walks: 20 }
  const view = await new MemoryRuntime(options).run(planOf(steps, 'config: {max_concurrent_steps: 3}'))
  expect(view.steps.every(({ status }) => status === 'success')).toBe(true)
  expect(view.steps).toHaveLength(40)
  expect(most).toBeLessThanOrEqual(3)
})

test('an output that cannot be written fails the step before its work starts', async () => {
  let calls = 0
  const paid = defineFunction({ name: 'paid', input: anything, run: () => (calls += 1) })
  const plan = planOf(`  - {id: a, type: function, handler: paid, output: n.x}`, 'state: {n: 5}')
  const view = await new MemoryRuntime({ functions: [paid] }).run(plan)
  expect(view.steps[0]).toMatchObject({ status: 'failed', error: { code: 'state/write' } })
  expect(calls).toBe(0)
})
