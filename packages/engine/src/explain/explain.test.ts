import { compileYaml, defineFunction, type Plan } from '@agentloom/workflow'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Claim, Journal, Settlement } from '../ports/journal.ts'
import { NO_USAGE } from '../journal/record.ts'
import { startCommand } from '../start.ts'
import { MemoryJournal } from '../journal/memory-journal.ts'
import { MemoryRuntime } from '../testing/memory-runtime.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { explainNewerFormat, explainRun } from './explain.ts'
import { explanationDocument, type Explanation } from './explanation.ts'
import type { Facts, WorkerFact } from './facts.ts'
import { loadTree } from './load-tree.ts'

const START_MS = 1_700_000_000_000 // 2023-11-14T22:13:20Z

const worker: WorkerFact = { worker: 'w1', isSilent: false, beatAtMs: START_MS, pools: ['default'], handlers: ['f@2'] }

function planOf(yaml: string): Plan {
  return compileYaml(`name: wf\n${yaml}`).plan
}

async function explained(
  journal: Journal,
  plan: Plan | readonly Plan[],
  facts: Partial<Facts> = {},
): Promise<Explanation> {
  const known = new Map([plan].flat().map((one) => [one.hash, one]))
  const plans = {
    get: async (hash: string) => known.get(hash) ?? compileYaml('name: x\nsteps: []').plan,
  }
  const tree = await loadTree(journal, plans, 'run')
  if (tree === null) throw new Error('no run')
  return explainRun(tree, {
    nowMs: START_MS,
    workers: [worker],
    owner: null,
    dueAtMs: () => START_MS + 4_000,
    queued: () => 0,
    fullKeys: [],
    ...facts,
  })
}

const TWO = planOf(`
steps:
  - {id: a, type: function, handler: f, input: {}}
  - {id: b, type: function, handler: f, input: {}, depends_on: [a]}
`)

async function opened(plan = TWO, options: { readonly deathsMax?: number } = {}) {
  const clock = new VirtualClock(START_MS)
  const journal = new MemoryJournal({ now: () => clock.now(), offerMs: 5_000, hasLeases: true, ...options })
  await journal.start(startCommand(plan, { runId: 'run' }))
  let nonces = 0
  const claim = async (stepId: string): Promise<Claim> => {
    const offer = { runId: 'run', stepId, epoch: 0 }
    const nonce = `n${(nonces += 1)}`
    const reply = await journal.claim({ offer, nonce, worker: 'w1', leaseMs: 4_000, reads: [], isDecided: false })
    if (reply.outcome !== 'claimed') throw new Error(JSON.stringify(reply))
    return reply.claim
  }
  const settle = async (stepId: string, settlement: Settlement) =>
    journal.settle({ claim: await claim(stepId), rank: 0, settlement, edges: [], next: null })
  return { journal, clock, claim, settle }
}

const error = { code: 'step/threw', message: 'not yet', place: null, help: null }

describe('a step', () => {
  test('at work is told with who holds it and until when', async () => {
    const { journal, claim } = await opened()
    await claim('a')
    const found = await explained(journal, TWO)
    expect(found).toMatchObject({ cause: 'at-work', heldBy: 'w1', sinceMs: START_MS, untilMs: START_MS + 4_000 })
    expect(found.sentence).toBe(
      'run run is running: step a is at work on w1 since 2023-11-14T22:13:20Z, with a lease until 2023-11-14T22:13:24Z',
    )
    expect(found.steps.map(({ path, cause, text }) => `${path} ${cause} ${text}`)[1]).toBe(
      'b dependencies comes after a',
    )
  })

  test('of a worker that is silent is told to be taken over, if there is anybody', async () => {
    const { journal, claim } = await opened()
    await claim('a')
    const silent = { ...worker, isSilent: true }
    expect(await explained(journal, TWO, { workers: [silent] })).toMatchObject({
      cause: 'worker-gone',
      command: 'agentloom worker',
    })
    const other = { ...worker, worker: 'w2' }
    expect(await explained(journal, TWO, { workers: [silent, other] })).toMatchObject({
      cause: 'worker-gone',
      command: null,
    })
  })

  test.each([
    ['no worker', { workers: [] }, 'no-worker', 'agentloom worker'],
    ['no function', { workers: [{ ...worker, handlers: ['g'] }] }, 'no-handler', 'agentloom worker --functions FILE'],
    ['a queue', { queued: () => 7 }, 'queued', null],
    ['a full key', { fullKeys: [{ key: 'acme', limit: 1, holders: ['other/x'] }] }, 'key-full', null],
  ] as const)('that is ready and has %s', async (_, facts, cause, command) => {
    const { journal } = await opened()
    expect(await explained(journal, TWO, facts)).toMatchObject({ cause, command })
  })

  test('in a pool that nobody serves', async () => {
    const plan = planOf('steps: [{id: a, type: function, handler: f, input: {}, queue: gpu}]')
    const { journal } = await opened(plan)
    const found = await explained(journal, plan)
    expect(found).toMatchObject({ cause: 'no-worker', command: 'agentloom worker --queues gpu' })
  })

  test('in back-off, with the error and the time', async () => {
    const { journal, settle } = await opened()
    await settle('a', { kind: 'retry', status: 'failed', error, usage: NO_USAGE, delayMs: 9_000 })
    const found = await explained(journal, TWO)
    expect(found).toMatchObject({ cause: 'back-off', untilMs: START_MS + 9_000 })
    expect(found.text).toContain('after attempt 1 failed: not yet')
  })

  test.each([
    [{ kind: 'gate', timeoutMs: null }, 'gate', 'agentloom approve run a'],
    [{ kind: 'timer', delayMs: 1_000 }, 'timer', null],
    [{ kind: 'signal', name: 'paid', timeoutMs: null }, 'signal', 'agentloom signal run paid'],
    [
      { kind: 'parked', reason: 'no-secret', message: 'there is no secret KEY', checkMs: 30_000 },
      'parked',
      'agentloom resume run',
    ],
    [{ kind: 'parked', reason: 'ask', message: 'paid or not?', checkMs: null }, 'parked', 'agentloom approve run a'],
  ] as const)('that waits: %j', async (wait, cause, command) => {
    const { journal, settle } = await opened()
    await settle('a', { kind: 'wait', wait, usage: NO_USAGE })
    expect(await explained(journal, TWO)).toMatchObject({ cause, command, sinceMs: START_MS })
  })

  test('that is quarantined names the workers that died with it', async () => {
    const { journal, claim } = await opened(TWO, { deathsMax: 1 })
    await claim('a')
    await journal.takeOver('n')
    const found = await explained(journal, TWO)
    expect(found.sentence).toBe(
      'run run is parked: step a is parked as quarantined: 1 workers died or fell silent while they held it (w1 at 2023-11-14T22:13:20Z) · agentloom resume run',
    )
  })

  test('that waits for a slot of its run', async () => {
    const plan = planOf(`
config: {max_concurrent_steps: 2}
steps:
  - {id: a, type: function, handler: f, input: {}, depends_on: []}
  - {id: b, type: function, handler: f, input: {}, depends_on: []}
  - {id: c, type: function, handler: f, input: {}, depends_on: []}
`)
    const { journal, claim } = await opened(plan)
    await claim('a')
    await claim('b')
    const { steps } = await explained(journal, plan)
    expect(steps.map(({ path, cause }) => `${path} ${cause}`)).toEqual(['a at-work', 'b at-work', 'c cap'])
  })
})

describe('a run', () => {
  test('that somebody holds, with the reason', async () => {
    const { journal } = await opened()
    await journal.pause('run', 'wrong input')
    expect(await explained(journal, TWO)).toMatchObject({ cause: 'paused', command: 'agentloom resume run' })
    expect((await explained(journal, TWO)).text).toContain('wrong input')
  })

  test('that ended tells how', async () => {
    const { journal, settle } = await opened(planOf('steps: [{id: a, type: function, handler: f, input: {}}]'))
    await settle('a', { kind: 'failed', error, usage: NO_USAGE })
    const found = await explained(journal, TWO)
    expect(found.sentence).toBe(
      'run run is failed: it ended at 2023-11-14T22:13:20Z, step/threw: not yet · agentloom resume run',
    )
    expect(found.steps).toEqual([])
  })

  test('of a newer version', () => {
    const found = explainNewerFormat('run', 'it has format 9')
    expect(found).toMatchObject({ cause: 'newer-format', status: null })
    expect(explanationDocument(found)).toMatchObject({ run_id: 'run', workflow: null, steps: [] })
  })

  test('of this process that has gone', async () => {
    const { journal } = await opened()
    expect(await explained(journal, TWO, { workers: null })).toMatchObject({
      cause: 'nobody',
      command: 'agentloom resume run',
    })
  })

  test('is told by what its child run waits for, with the full name', async () => {
    const f = defineFunction({ name: 'f', input: z.object({}), run: () => 1 })
    const plan = planOf(`
steps:
  - id: sub
    type: subworkflow
    workflow_inline: {name: child, steps: [{id: ask, type: approval_gate}]}
  - {id: after, type: function, handler: f, input: {}, depends_on: [sub]}
`)
    const runtime = new MemoryRuntime({ functions: [f] })
    await runtime.run(plan)
    const { step } = plan.nodes[0] ?? {}
    const child = step?.type === 'subworkflow' ? step.child : null
    const found = await explained(runtime.journal, child === null || 'broken' in child ? [plan] : [plan, child])
    expect(found).toMatchObject({ cause: 'gate', command: 'agentloom approve run sub.ask' })
    expect(found.steps.map(({ path, cause }) => `${path} ${cause}`)).toEqual([
      'sub child-run',
      'sub.ask gate',
      'after dependencies',
    ])
    expect(explanationDocument(found)).toMatchObject({ steps: [{ step: 'sub' }, { step: 'sub.ask' }, {}] })
  })
})
