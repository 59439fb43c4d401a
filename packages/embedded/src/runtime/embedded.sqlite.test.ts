import type { EngineEvent } from '@agentloom/engine'
import { defineFunction, type FunctionDefinition } from '@agentloom/workflow'
import { spawnSync } from 'node:child_process'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { temporaryFolders } from '../testing/folder.ts'
import { chainOf, executorsWith, planOf } from '../testing/plans.ts'
import { createEmbedded, type Embedded, type EmbeddedOptions } from './embedded.ts'

const freshFolder = temporaryFolders(afterEach)

const double = defineFunction({ name: 'double', input: z.object({ n: z.number() }), run: ({ n }) => n * 2 })

function open(
  folder: string,
  functions: readonly FunctionDefinition[],
  more: Partial<EmbeddedOptions> = {},
): Promise<Embedded> {
  return createEmbedded({ folder, executors: executorsWith(functions), ...more })
}

/** A function that says when it was called and ends when it is told to, or given up. */
function gate(name: string) {
  const entered = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<number>()
  let aborts = 0
  const definition = defineFunction({
    name,
    input: z.object({ n: z.number() }),
    run: (_input, { signal }) => {
      signal.addEventListener('abort', () => (aborts += 1))
      entered.resolve()
      return opened.promise
    },
  })
  return { definition, entered: entered.promise, open: () => opened.resolve(1), aborts: () => aborts }
}

test('a run’s result is the same after its process has gone', async () => {
  const folder = freshFolder()
  const first = await open(folder, [double])
  const run = await first.start(chainOf(3, 'double'), { input: { extra: 'ü\u0000' }, tags: ['nightly'] })
  const result = await run.result()
  expect(result.status).toBe('success')
  expect(result.state).toMatchObject({ s0: 0, s1: 2, s2: 4, extra: 'ü\u0000' })
  await first.close()

  await using second = await open(folder, [])
  expect(await second.view(run.id)).toEqual(result)
  expect(await second.runs()).toMatchObject([{ runId: run.id, status: 'success', tags: ['nightly'] }])
  expect(await run.result().catch(({ code }) => code)).toBe('store/closed')
})

test('the same id again gives the same run, and other content is refused', async () => {
  await using embedded = await open(freshFolder(), [double])
  const plan = chainOf(2, 'double')
  const first = await embedded.start(plan, { runId: 'one' })
  const same = await embedded.start(plan, { runId: 'one' })
  expect(await same.result()).toEqual(await first.result())
  expect(await (await embedded.start(plan, { runId: 'one' })).result()).toEqual(await first.result())
  await expect(embedded.start(plan, { runId: 'one', input: { n: 1 } })).rejects.toMatchObject({
    code: 'run/id-conflict',
  })
  expect(await embedded.runs()).toHaveLength(1)
})

test('what cannot run is refused before anything is written', async () => {
  await using embedded = await open(freshFolder(), [])
  const refused = embedded.start(chainOf(2, 'missing'))
  await expect(refused).rejects.toMatchObject({ code: 'run/no-handler', place: 'steps.s0.handler' })
  await expect(embedded.start(chainOf(1, 'double'), { runId: 'a/b' })).rejects.toMatchObject({ code: 'run/no-handler' })
  await expect(embedded.resume('nowhere')).rejects.toMatchObject({ code: 'run/not-found' })
  await expect(open(freshFolder(), [], { concurrency: 0 })).rejects.toThrow(RangeError)
  expect(await embedded.runs()).toEqual([])
})

test('a failed step is tried again by resume, and what was committed is not', async () => {
  const folder = freshFolder()
  let isBroken = true
  const calls: number[] = []
  const flaky = defineFunction({
    name: 'flaky',
    input: z.object({ n: z.number() }),
    run: ({ n }) => {
      calls.push(n)
      if (n === 1 && isBroken) throw new Error('not today')
      return n
    },
  })
  const embedded = await open(folder, [flaky])
  const run = await embedded.start(chainOf(3, 'flaky', { step: ', retry: {max_retries: 0}' }))
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'step/threw' } })
  await embedded.close()

  isBroken = false
  await using again = await open(folder, [flaky])
  const resumed = await again.resume(run.id)
  expect((await resumed.result()).status).toBe('success')
  expect(calls).toEqual([0, 1, 1, 2])
  expect((await (await again.resume(run.id)).result()).status).toBe('success')
  expect(calls).toHaveLength(4)
})

test('a retry waits for its time without anybody asking', async () => {
  let calls = 0
  const flaky = defineFunction({
    name: 'flaky',
    input: z.object({ n: z.number() }),
    run: () => {
      calls += 1
      if (calls < 3) throw new Error('again')
      return calls
    },
  })
  await using embedded = await open(freshFolder(), [flaky])
  const plan = chainOf(1, 'flaky', { step: ', retry: {max_retries: 3, backoff_max: 0.02}' })
  const result = await (await embedded.start(plan)).result()
  expect(result).toMatchObject({ status: 'success', steps: [{ attempts: 3, output: 3 }] })
})

test('a run that takes too long ends as timeout, and its step is given up', async () => {
  const { definition, aborts } = gate('slow')
  await using embedded = await open(freshFolder(), [definition])
  const run = await embedded.start(chainOf(2, 'slow', { config: 'config: {timeout: 0.05}\n' }))
  expect(await run.result()).toMatchObject({ status: 'timeout', error: { code: 'run/timed-out' } })
  expect(aborts()).toBe(1)
})

test('pause gives up the step in flight at no cost, and resume goes on with it', async () => {
  const folder = freshFolder()
  const slow = gate('work')
  const first = await open(folder, [slow.definition])
  const run = await first.start(chainOf(2, 'work'))
  await slow.entered
  const result = run.result()
  expect(await run.pause()).toEqual({ isDone: true, status: 'paused' })
  expect((await result).status).toBe('paused')
  expect(await run.pause()).toEqual({ isDone: false, status: 'paused' })
  expect(slow.aborts()).toBe(1)

  const work = defineFunction({ name: 'work', input: z.object({ n: z.number() }), run: (_input, ctx) => ctx.attempt })
  await using second = await open(folder, [work])
  const resumed = await second.resume(run.id)
  expect(await resumed.result()).toMatchObject({ status: 'success', state: { s0: 1, s1: 1 } })
  await first.close()
})

test('a cancelled run starts nothing more and is not resumed', async () => {
  const slow = gate('work')
  const events: EngineEvent[] = []
  await using embedded = await open(freshFolder(), [slow.definition], { observe: (event) => events.push(event) })
  const run = await embedded.start(chainOf(3, 'work'))
  await slow.entered
  expect(await run.cancel('no need')).toEqual({ isDone: true, status: 'cancelled' })
  expect(await run.result()).toMatchObject({ status: 'cancelled', error: { message: 'no need' } })
  expect(slow.aborts()).toBe(1)
  expect(events.filter(({ kind }) => kind === 'run-ended')).toHaveLength(1)
  expect(events.filter(({ kind }) => kind === 'step-started')).toHaveLength(1)
  await expect(embedded.resume(run.id)).rejects.toMatchObject({ code: 'run/cancelled' })
  expect(await embedded.cancel('nowhere')).toEqual({ isDone: false, status: null })
})

test('close hands back what does not end in time, and the run goes on from there', async () => {
  const folder = freshFolder()
  const slow = gate('work')
  const first = await open(folder, [slow.definition])
  const run = await first.start(chainOf(2, 'work'))
  await slow.entered
  const result = run.result()
  result.catch(() => undefined)
  await first.close({ graceMs: 10 })
  await expect(result).rejects.toMatchObject({ code: 'store/closed' })

  const work = defineFunction({ name: 'work', input: z.object({ n: z.number() }), run: ({ n }) => n })
  await using second = await open(folder, [work])
  expect((await second.view(run.id))?.status).toBe('running')
  expect((await (await second.resume(run.id)).result()).status).toBe('success')
})

test('a wide run does not keep a narrow one waiting', async () => {
  const order: string[] = []
  const note = defineFunction({
    name: 'note',
    input: z.object({ n: z.number() }),
    run: async (_input, { runId }) => void order.push(runId),
  })
  await using embedded = await open(freshFolder(), [note], { concurrency: 1 })
  const steps = Array.from(
    { length: 40 },
    (_, index) => `  - {id: w${index}, type: function, handler: note, input: {n: 0}}`,
  )
  const wide = planOf(`name: wide\nconfig: {max_concurrent_steps: 40}\nsteps:\n${steps.join('\n')}\n`)
  const runs = await Promise.all([
    embedded.start(wide, { runId: 'wide' }),
    embedded.start(chainOf(1, 'note'), { runId: 'narrow' }),
  ])
  for (const run of runs) await run.result()
  expect(order.indexOf('narrow')).toBeLessThan(5)
})

test('many runs at once all end, each step once', async () => {
  const calls = new Map<string, number>()
  const count = defineFunction({
    name: 'count',
    input: z.object({ n: z.number() }),
    run: ({ n }, { runId }) => {
      const key = `${runId}/${n}`
      calls.set(key, (calls.get(key) ?? 0) + 1)
      return n
    },
  })
  await using embedded = await open(freshFolder(), [count], { checkpoints: false })
  const plan = chainOf(10, 'count')
  const views = await Promise.all(Array.from({ length: 100 }, async () => (await embedded.start(plan)).result()))
  expect(new Set(views.map(({ status }) => status))).toEqual(new Set(['success']))
  expect(calls.size).toBe(1_000)
  expect(new Set(calls.values())).toEqual(new Set([1]))
})

test('resumed twice at once, a run is executed once', async () => {
  const folder = freshFolder()
  const slow = gate('work')
  const first = await open(folder, [slow.definition])
  const run = await first.start(chainOf(1, 'work'))
  await run.pause()
  await first.close()
  let calls = 0
  const work = defineFunction({ name: 'work', input: z.object({ n: z.number() }), run: () => (calls += 1) })
  await using second = await open(folder, [work])
  const handles = await Promise.all([second.resume(run.id), second.resume(run.id)])
  for (const handle of handles) expect((await handle.result()).status).toBe('success')
  expect(calls).toBe(1)
})

test('an end that several steps see is told once', async () => {
  const events: EngineEvent[] = []
  await using embedded = await open(freshFolder(), [double], { observe: (event) => events.push(event) })
  const steps = ['a', 'b', 'c'].map((id) => `  - {id: ${id}, type: function, handler: double, input: {n: 1}}`)
  const run = await embedded.start(planOf(`name: wide\nsteps:\n${steps.join('\n')}\n`))
  expect((await run.result()).status).toBe('success')
  expect(events.filter(({ kind }) => kind === 'run-ended')).toHaveLength(1)
})

test.skipIf(process.getuid?.() !== 0)(
  'a run that meets a full disk stops, and goes on when there is room',
  async () => {
    const folder = freshFolder()
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]).status !== 0) {
      return console.warn('skipped: no tmpfs can be mounted here')
    }
    try {
      const calls = new Map<number, number>()
      const big = defineFunction({
        name: 'big',
        input: z.object({ n: z.number() }),
        run: ({ n }) => {
          calls.set(n, (calls.get(n) ?? 0) + 1)
          return 'x'.repeat(200_000)
        },
      })
      await using embedded = await open(folder, [big], { checkpoints: false })
      const run = await embedded.start(chainOf(20, 'big'))
      await expect(run.result()).rejects.toMatchObject({ code: 'store/full' })
      const committed = (await embedded.view(run.id))?.steps.filter(({ status }) => status === 'success').length ?? 0
      expect(committed).toBeGreaterThan(2)
      expect(spawnSync('mount', ['-o', 'remount,size=64m', folder]).status).toBe(0)
      expect((await (await embedded.resume(run.id)).result()).status).toBe('success')
      for (let step = 0; step < committed; step += 1) expect(calls.get(step)).toBe(1)
      expect(calls.size).toBe(20)
    } finally {
      spawnSync('umount', ['-l', folder])
    }
  },
)
