import { compileYaml, defineFunction, toPlain } from '@agentloom/workflow'
import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { MemoryRuntime } from '../testing/memory-runtime.ts'

/** What the reader was given, call by call. */
let seen: unknown[] = []
let isBroken = true
beforeEach(() => {
  seen = []
  isBroken = true
})

const quick = defineFunction({ name: 'quick', input: z.object({}), run: () => 'quick' })
const write = defineFunction({
  name: 'write',
  input: z.object({}),
  run() {
    if (isBroken) throw new Error('not yet')
    return 'fact'
  },
})
const read = defineFunction({
  name: 'read',
  input: z.object({ fact: z.unknown(), isNeeded: z.boolean() }),
  run({ fact, isNeeded }) {
    seen.push(fact)
    if (isNeeded && fact === null) throw new Error('nothing to read')
    return { read: fact }
  },
})

const WAITS = 'type: wait_for, signal: fact, timeout: 60'
const WRITES = 'type: function, handler: write, input: {}, retry: {max_retries: 0}'

/** The reader names the writer in its input only; a chain of quick steps puts each into its layer. */
async function started(writer: string, layers: Layers, { isNeeded = false } = {}) {
  const chain = Array.from(
    { length: layers.reader },
    (_, at) =>
      `  - {id: q${at}, type: function, handler: quick, input: {}${at === 0 ? '' : `, depends_on: [q${at - 1}]`}}\n`,
  )
  const behind = layers.writer === 0 ? '' : `, depends_on: [q${layers.writer - 1}]`
  const { plan } = compileYaml(`name: wf\nsteps:\n${chain.join('')}
  - {id: writer, ${writer}, output: fact${behind}}
  - {id: reader, type: function, handler: read, depends_on: [q${layers.reader - 1}], retry: {max_retries: 0},
     input: {fact: state.fact, isNeeded: ${isNeeded}}, output: report}\n`)
  expect([plan.byId.get('writer')?.layer, plan.byId.get('reader')?.layer]).toEqual([layers.writer, layers.reader])
  const runtime = new MemoryRuntime({ functions: [quick, write, read] })
  await runtime.start(plan)
  const end = async () => {
    await runtime.settle()
    const { status, steps, state } = await runtime.view(plan)
    const statusOf = Object.fromEntries(steps.map((step) => [step.id, step.status]))
    return {
      run: status,
      writer: statusOf['writer'],
      reader: statusOf['reader'],
      report: toPlain(state['report'] ?? null),
    }
  }
  return { runtime, plan, end }
}

interface Layers {
  readonly writer: number
  readonly reader: number
}

describe.each([
  { writer: 0, reader: 1 },
  { writer: 0, reader: 2 },
  { writer: 1, reader: 2 },
  { writer: 1, reader: 3 },
])('a writer in layer $writer, its reader in layer $reader', (layers) => {
  test('slow: the reader waits for it, and for nothing else', async () => {
    const { runtime, plan, end } = await started(WAITS.replace(', timeout: 60', ''), layers)
    await runtime.settle()
    const waiting = await runtime.view(plan)
    expect(waiting.steps.filter(({ status }) => status === 'success')).toHaveLength(layers.reader)
    expect(seen).toEqual([])
    await runtime.signal('fact', 'at last')
    expect(await end()).toEqual({
      run: 'success',
      writer: 'success',
      reader: 'success',
      report: { read: 'at last' },
    })
  })

  test('failed: the reader runs without what it would have written', async () => {
    const { end } = await started(WRITES, layers)
    expect(await end()).toEqual({ run: 'failed', writer: 'failed', reader: 'success', report: { read: null } })
  })

  test('skipped: the same, and the run is a success', async () => {
    const { end } = await started(`${WRITES}, when: 1 == 2`, layers)
    expect(await end()).toEqual({ run: 'success', writer: 'skipped', reader: 'success', report: { read: null } })
  })

  test('timed out: the reader waits until then', async () => {
    const { runtime, end } = await started(WAITS, layers)
    const beganMs = runtime.clock.now()
    expect(await end()).toEqual({ run: 'failed', writer: 'timeout', reader: 'success', report: { read: null } })
    expect(runtime.clock.now() - beganMs).toBe(60_000)
  })

  test('reopened: a reader that succeeded keeps its result', async () => {
    const { runtime, plan, end } = await started(WRITES, layers)
    await end()
    isBroken = false
    await runtime.resume(plan)
    expect(await end()).toEqual({ run: 'success', writer: 'success', reader: 'success', report: { read: null } })
    expect(seen).toEqual([null])
  })

  test('reopened: a reader that failed waits for it again, and sees what it writes now', async () => {
    const { runtime, plan, end } = await started(WRITES, layers, { isNeeded: true })
    expect(await end()).toMatchObject({ run: 'failed', writer: 'failed', reader: 'failed' })
    isBroken = false
    await runtime.resume(plan)
    expect(await end()).toEqual({ run: 'success', writer: 'success', reader: 'success', report: { read: 'fact' } })
    expect(seen).toEqual([null, 'fact'])
  })
})
