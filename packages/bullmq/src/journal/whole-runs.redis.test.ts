import { edgesOf, restartCommand, startCommand, type RestoreRun } from '@agentloom/engine'
import { childOf, claimed, settled, success, waiting } from '@agentloom/engine/testing'
import type { Plan } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { openTestJournal, type TestJournal } from '../testing/open-journal.fixture.ts'
import { chainOf, fanOf, planOf } from '../testing/plans.fixture.ts'

async function opened(work: (opened: TestJournal) => Promise<void>): Promise<void> {
  const journal = await openTestJournal()
  try {
    await work(journal)
  } finally {
    await journal.close()
  }
}

/** Every key of the shard but the test's clock. */
async function keysOf({ redis, keys }: TestJournal): Promise<readonly string[]> {
  const found = await redis.keys(`${keys.root}*`)
  return found.map((key) => key.slice(keys.root.length)).filter((key) => key !== 'clock')
}

async function wholeOf({ journal }: TestJournal, runId: string, plan: Plan): Promise<RestoreRun> {
  const loaded = await journal.load(runId)
  if (loaded === null) throw new Error('no run')
  return { start: restartCommand(plan, loaded.header), records: loaded.records, replaces: null }
}

test('an erased run leaves no key and no entry, and its definition for as long as an ended run stays', async () => {
  await opened(async (one) => {
    const { journal, redis, keys } = one
    const plan = planOf(
      `  - {id: a, type: function, handler: echo, input: {}, depends_on: []}
  - {id: b, type: function, handler: echo, input: {}, depends_on: []}`,
      '{max_concurrent_steps: 1, timeout: 60, budget_usd: 1}',
    )
    await journal.start(startCommand(plan, { runId: 'run' }))
    const a = await claimed(journal, 'a')
    await journal.append(a.claim, { text: '{}', usage: null })
    await journal.signal('run', 'x', '1')
    await journal.restore({ ...(await wholeOf(one, 'run', plan)), replaces: 4 }, plan)
    expect((await journal.erase('run', 4)).isDone).toBe(true)
    expect(await keysOf(one)).toEqual([`def:${plan.hash}`])
    expect(await redis.hget(keys.definition(plan.hash), 'live')).toBe('0')
    expect(await redis.pttl(keys.definition(plan.hash))).toBeGreaterThan(0)
  })
})

test('a run of 5,000 steps is restored in one piece', { timeout: 60_000 }, async () => {
  await opened(async (one) => {
    const { journal } = one
    const plan = fanOf(5_000)
    const [first] = plan.nodes
    if (first === undefined) throw new Error('no step')
    await journal.start(startCommand(plan, { runId: 'run' }))
    const { claim } = await claimed(journal, 'first')
    await settled(journal, claim, success('"a"'), edgesOf(plan, first, { kind: 'success', target: null }))
    const whole = await wholeOf(one, 'run', plan)
    await journal.erase('run', whole.records.length)
    const reply = await journal.restore(whole, plan)
    if (reply.outcome !== 'restored') throw new Error('refused')
    expect(reply.offers).toHaveLength(1_000) // its cap
    expect((await journal.load('run'))?.records).toEqual(whole.records)
    expect((await keysOf(one)).filter((key) => key.startsWith('staged'))).toEqual([])
    await claimed(journal, 'w999', { nonce: 'again' })
  })
})

test('outputs of megabytes, and a chain of steps that committed, come back as they were', async () => {
  await opened(async (one) => {
    const { journal } = one
    const plan = chainOf(3)
    await journal.start(startCommand(plan, { runId: 'run' }))
    for (const [index, node] of plan.nodes.entries()) {
      const { claim } = await claimed(journal, node.id)
      const output = JSON.stringify(String(index).repeat(600_000))
      await settled(journal, claim, success(output), edgesOf(plan, node, { kind: 'success', target: null }))
    }
    const before = await journal.load('run')
    const whole = await wholeOf(one, 'run', plan)
    await journal.erase('run', whole.records.length)
    expect(await journal.restore(whole, plan)).toMatchObject({ outcome: 'restored', status: 'success', offers: [] })
    expect(await journal.load('run')).toEqual(before)
    expect((await one.redis.pttl(one.keys.run('run')[0])) > 0).toBe(true) // it ended: retention
    expect(await one.redis.hget(one.keys.definition(plan.hash), 'live')).toBe('0')
  })
})

test('a tree that comes back child first is a tree again, and goes when its root has ended', async () => {
  await opened(async (one) => {
    const { journal, redis, keys } = one
    const plan = planOf('  - {id: a, type: function, handler: echo, input: {}}')
    const child = { ...childOf('a'), definition: plan.hash, definitionText: 'as it is' }
    await journal.start(startCommand(plan, { runId: 'run' }))
    const a = await claimed(journal, 'a')
    await journal.start(child)
    await settled(journal, a.claim, waiting({ kind: 'child', runId: 'run.a' }), [])
    const [root, below] = [await wholeOf(one, 'run', plan), await wholeOf(one, 'run.a', plan)]
    await journal.erase('run', root.records.length)
    expect(await redis.smembers(`${keys.root}tree:run`)).toEqual(['run.a'])
    await journal.erase('run.a', below.records.length)
    expect(await keysOf(one)).toEqual([`def:${plan.hash}`])
    await journal.restore(below, plan)
    await journal.restore(root, plan)
    expect(await redis.smembers(`${keys.root}tree:run`)).toEqual(['run.a'])
    await journal.cancel('run', 'enough')
    expect((await journal.header('run.a'))?.status).toBe('cancelled')
    for (const key of [...keys.run('run'), ...keys.run('run.a'), `${keys.root}tree:run`])
      expect(await redis.pttl(key), key).not.toBe(-1)
    expect(await redis.hget(keys.definition(plan.hash), 'live')).toBe('0')
  })
})

test('a child run that begins while its root is away ends with it once that is back', async () => {
  await opened(async (one) => {
    const { journal } = one
    const plan = planOf('  - {id: a, type: function, handler: echo, input: {}}')
    await journal.start(startCommand(plan, { runId: 'run' }))
    await claimed(journal, 'a')
    const root = await wholeOf(one, 'run', plan)
    await journal.erase('run', root.records.length)
    await journal.start({ ...childOf('a'), definition: plan.hash, definitionText: 'as it is' })
    await journal.restore(root, plan)
    await journal.cancel('run', 'enough')
    expect((await journal.header('run.a'))?.status).toBe('cancelled')
  })
})
