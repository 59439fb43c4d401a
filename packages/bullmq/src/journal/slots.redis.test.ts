import { startCommand, type Journal, type Obligation } from '@agentloom/engine'
import { claimed, heldBy, settled, startOf, success } from '@agentloom/engine/testing'
import { compileYaml } from '@agentloom/workflow'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestJournal, type TestJournal } from '../testing/open-journal.fixture.ts'

// Slots are leases of steps, and what counts them heals, whoever has written nonsense there.

const CHECK_MS = 10_001

let opened: TestJournal
let journal: Journal
beforeEach(async () => {
  opened = await openTestJournal()
  journal = opened.journal
})
afterEach(() => opened.close())

async function start(runId: string, limit = 1): Promise<void> {
  await journal.start({ ...startOf({ steps: 1 }), runId, concurrency: { key: 'k', limit, weight: 1 } })
}

function rungIn(obligations: readonly Obligation[]): readonly string[] {
  return obligations.flatMap((one) => (one.kind === 'offer' ? [one.runId] : []))
}

test('a slot that nothing holds is given back, and its key’s next step is rung for', async () => {
  const slots = `${opened.keys.root}slots:k`
  await start('r1')
  const { claim } = await claimed(journal, 'a', { runId: 'r1' })
  await opened.redis.zadd(slots, 1, 'nobody/a', 2, 'r1/nothing')
  await settled(journal, claim, success('1'), [])
  await start('r2')
  expect(await journal.claim(heldBy('a', { runId: 'r2' }))).toMatchObject({ outcome: 'refused', reason: 'full' })
  await opened.advance(CHECK_MS)
  const found = await journal.due(10)
  expect(found).toContainEqual({ kind: 'slot', runId: 'nobody', stepId: 'a', offers: [] })
  expect(found).toContainEqual({ kind: 'slot', runId: 'r1', stepId: 'nothing', offers: [] })
  expect(rungIn(found)).toEqual(['r2'])
  await claimed(journal, 'a', { runId: 'r2' })
  await opened.advance(CHECK_MS - 1)
  await journal.heartbeat([], 1)
  expect((await journal.due(10)).filter(({ kind }) => kind === 'slot')).toEqual([])
  expect(await opened.redis.zrange(slots, '0', '-1')).toEqual(['r2/a'])
})

test('a key that lost its turn has it again', async () => {
  await start('r1')
  const { claim } = await claimed(journal, 'a', { runId: 'r1' })
  await start('r2')
  await settled(journal, claim, success('1'), [])
  await opened.redis.del(`${opened.keys.root}turns:default`, `${opened.keys.root}bells:default`)
  await opened.redis.zadd(`${opened.keys.root}checks`, 0, '/k')
  expect(rungIn(await journal.due(10))).toEqual(['r2'])
})

test('a run’s own count of its slots is made again from its steps', async () => {
  const plan = compileYaml(`
name: w
config: {max_concurrent_steps: 2}
steps: [{id: a, type: tool, tool_name: t}, {id: b, type: tool, tool_name: t}, {id: c, type: tool, tool_name: t}]
`).plan
  await journal.start(startCommand(plan, { runId: 'run' }))
  await claimed(journal, 'a')
  await opened.redis.hset(opened.keys.run('run')[0], 'inFlight', 2)
  expect(await journal.claim(heldBy('b'))).toMatchObject({ outcome: 'refused', reason: 'full' })
  await opened.advance(CHECK_MS)
  const slot = (await journal.due(10)).find(({ kind }) => kind === 'slot')
  expect(slot).toMatchObject({ runId: 'run', stepId: null, offers: [{ runId: 'run', stepId: 'b' }] })
  await claimed(journal, 'b')
  expect(await opened.redis.hget(opened.keys.run('run')[0], 'inFlight')).toBe('2')
})

test('nothing is left of a key when its runs are over', async () => {
  for (const runId of ['r1', 'r2', 'r3']) await start(runId)
  const { claim } = await claimed(journal, 'a', { runId: 'r1' })
  await settled(journal, claim, success('1'), [])
  await journal.cancel('r2', 'x')
  await journal.cancel('r3', 'x')
  await opened.advance(CHECK_MS)
  await journal.due(10)
  const left = (await opened.redis.keys(`${opened.keys.root}*`)).map((key) => key.slice(opened.keys.root.length))
  expect(left.filter((key) => /^(slots|share|ready|turns|bells|checks)/.test(key))).toEqual([])
})
