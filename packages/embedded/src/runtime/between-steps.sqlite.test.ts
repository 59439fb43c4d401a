import type { EngineEvent } from '@agentloom/engine'
import { defineFunction } from '@agentloom/workflow'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { temporaryFolders } from '../testing/folder.ts'
import { executorsWith, planOf } from '../testing/plans.ts'
import { createEmbedded, type Embedded } from './embedded.ts'

const freshFolder = temporaryFolders(afterEach)

const calls: string[] = []
const step = defineFunction({
  name: 'step',
  input: z.object({ say: z.string() }),
  run({ say }) {
    calls.push(say)
    return say
  },
})

/** Ends when it is given up, and only then the first time. */
let holdUp: (() => void) | null = null
const slow = defineFunction({
  name: 'slow',
  input: z.object({}),
  run: (_input, { signal }) => {
    calls.push('slow')
    if (holdUp === null) return 'done'
    holdUp()
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))))
  },
})

async function opened(folder: string, observe: (event: EngineEvent) => void = () => undefined): Promise<Embedded> {
  calls.length = 0
  holdUp = null
  return createEmbedded({ folder, executors: executorsWith([step, slow]), observe })
}

const gated = (gate: string): string => `
name: gated
steps:
  - {id: a, type: function, handler: step, input: {say: a}}
  - id: sub
    type: subworkflow
    depends_on: [a]
    workflow_inline:
      name: child
      steps:
        - {id: b, type: function, handler: step, input: {say: b}}
        - {id: gate, type: approval_gate, depends_on: [b], output: verdict${gate}}
        - {id: c, type: function, handler: step, depends_on: [gate], input: {say: "{state.verdict}"}}
    return_keys: [verdict]
    output: child
`

test('a run that waits at a gate inside a child run is at rest, and any process goes on with it', async () => {
  const folder = freshFolder()
  {
    await using first = await opened(folder)
    const run = await first.start(planOf(gated('')), { runId: 'r' })
    const paused = await run.result()
    expect(paused.status).toBe('paused')
    expect(paused.steps.find(({ id }) => id === 'sub')?.waitingAt).toEqual(['sub.gate'])
    expect(await first.runs()).toHaveLength(1)
  }
  await using second = await opened(folder)
  await expect(second.resume('r', { decisions: [{ path: 'nope', decision: 'approved' }] })).rejects.toMatchObject({
    code: 'run/decision-refused',
    gates: ['sub.gate'],
  })
  const run = await second.resume('r', { decisions: [{ path: 'sub.gate', decision: 'approved' }] })
  expect(await run.result()).toMatchObject({ status: 'success', state: { child: { verdict: 'approved' } } })
  expect(calls).toEqual(['approved'])
})

test('its handle decides, too', async () => {
  await using embedded = await opened(freshFolder())
  const run = await embedded.start(planOf(gated('')))
  expect((await run.result()).status).toBe('paused')
  expect(await run.decide({ path: null, decision: 'rejected' })).toMatchObject({ outcome: 'decided' })
  const again = await embedded.resume(run.id)
  expect(await again.result()).toMatchObject({ status: 'success', state: { child: { verdict: 'rejected' } } })
  expect(calls).toEqual(['a', 'b', 'rejected'])
})

test('a gate with a time-out decides while its process lives', async () => {
  const ended = Promise.withResolvers<void>()
  await using embedded = await opened(freshFolder(), (event) => {
    if (event.kind === 'run-ended' && event.runId === 'r') ended.resolve()
  })
  const run = await embedded.start(planOf(gated(', timeout_seconds: 1, on_timeout: reject')), { runId: 'r' })
  expect((await run.result()).status).toBe('paused')
  await ended.promise
  expect(await run.result()).toMatchObject({ status: 'success', state: { child: { verdict: 'rejected' } } })
})

const WAITS = `
name: waits
steps:
  - id: sub
    type: subworkflow
    workflow_inline: {name: child, steps: [{id: w, type: wait_for, signal: go, output: got}]}
    return_keys: [got]
    output: child
`

test('a signal reaches a run that another process has', async () => {
  const folder = freshFolder()
  const parked = Promise.withResolvers<void>()
  await using first = await opened(folder, (event) => {
    if (event.kind === 'run-rested' && event.runId === 'r') parked.resolve()
  })
  await using second = await opened(folder)
  const run = await first.start(planOf(WAITS), { runId: 'r' })
  await parked.promise
  expect(await second.signal('r', 'go', { n: 1 })).toMatchObject({ outcome: 'kept', isNew: true })
  expect(await run.result()).toMatchObject({ status: 'success', state: { child: { got: { n: 1 } } } })
})

test('a pause holds what is below a run, and a resume goes on with it', async () => {
  const entered = Promise.withResolvers<void>()
  const folder = freshFolder()
  await using embedded = await opened(folder)
  holdUp = () => entered.resolve()
  const plan = planOf(`
name: deep
steps:
  - id: sub
    type: subworkflow
    workflow_inline:
      name: child
      steps:
        - {id: one, type: function, handler: step, input: {say: one}}
        - {id: two, type: function, handler: slow, input: {}, depends_on: [one]}
`)
  const run = await embedded.start(plan, { runId: 'r' })
  await entered.promise
  expect((await run.pause()).isDone).toBe(true)
  expect((await run.result()).status).toBe('paused')
  expect((await embedded.journal.header('r.sub'))?.status).toBe('paused')
  holdUp = null
  expect((await (await embedded.resume('r')).result()).status).toBe('success')
  expect(calls).toEqual(['one', 'slow', 'slow'])
})

test('a cancel takes what is below a run along', async () => {
  const entered = Promise.withResolvers<void>()
  await using embedded = await opened(freshFolder())
  holdUp = () => entered.resolve()
  const plan = planOf(
    'name: deep\nsteps: [{id: sub, type: subworkflow, workflow_inline: {name: child, steps: [{id: two, type: function, handler: slow, input: {}}]}}]\n',
  )
  const run = await embedded.start(plan, { runId: 'r' })
  await entered.promise
  await run.cancel('enough')
  expect((await run.result()).status).toBe('cancelled')
  expect(await embedded.journal.header('r.sub')).toMatchObject({
    status: 'cancelled',
    error: { code: 'run/parent-ended' },
  })
})
