import { NO_USAGE, type Journal } from '@agentloom/engine'
import { claimed, settled, startOf, success } from '@agentloom/engine/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestJournal, type TestJournal } from '../testing/open-journal.fixture.ts'

// How long child runs and what belongs to them stay in Redis: as long as the run at the top of their tree.

const RETENTION_MS = 60_000

let opened: TestJournal
let journal: Journal
beforeEach(async () => {
  opened = await openTestJournal({ retentionMs: RETENTION_MS })
  journal = opened.journal
})
afterEach(() => opened.close())

/** `run` waits for `run.a`, and that for `run.a.a`. */
async function startTree(): Promise<void> {
  await journal.start(startOf({ steps: 1 }))
  await startChild('run', 'run.a')
  await startChild('run.a', 'run.a.a')
}

async function startChild(parentId: string, runId: string): Promise<void> {
  const definition = runId.length.toString().padEnd(64, 'e')
  const parent = { runId: parentId, stepId: 'a', rootRunId: 'run' }
  await journal.start({ ...startOf({ steps: 1, cap: 1 }), runId, definition, parent })
  const { claim } = await claimed(journal, 'a', { runId: parentId })
  await settled(journal, claim, { kind: 'wait', wait: { kind: 'child', runId }, usage: NO_USAGE }, [])
}

/** Ends a run by its only step, and wakes its parent's. */
async function finish(runId: string): Promise<void> {
  const { claim } = await claimed(journal, 'a', { runId, nonce: `end-${runId}` })
  await settled(journal, claim, success('1'), [])
  const parentId = runId.slice(0, Math.max(0, runId.lastIndexOf('.')))
  if (parentId !== '')
    await journal.wake({ runId: parentId, stepId: 'a', wake: { kind: 'child-ended', runId, status: 'success' } })
}

/** Keys that nothing will ever remove: not those of the shard, which any run needs. */
async function lastingKeys(): Promise<readonly string[]> {
  const { redis, keys } = opened
  const lasting: string[] = []
  for (const key of await redis.keys(`${keys.root}*`)) {
    const name = key.slice(keys.root.length)
    if (!/^(due|unsaved|clock|ix:.*|cx:.*)$/.test(name) && (await redis.pttl(key)) < 0) lasting.push(name)
  }
  return lasting.toSorted()
}

test('an ended child run stays until the run at the top has ended, and then for as long as that', async () => {
  await startTree()
  await finish('run.a.a')
  await finish('run.a')
  const lasting = await lastingKeys()
  for (const runId of ['run', 'run.a', 'run.a.a']) expect(lasting).toContain(`log:${runId}`)
  await finish('run')
  expect(await lastingKeys()).toEqual([])
  for (const runId of ['run', 'run.a', 'run.a.a'])
    expect(await opened.redis.pttl(opened.keys.run(runId)[3])).toBeGreaterThan(RETENTION_MS / 2)
})

test('child runs that are ended with their tree go with it', async () => {
  await startTree()
  await journal.cancel('run', 'not wanted')
  expect((await journal.header('run.a.a'))?.error?.code).toBe('run/parent-ended')
  expect(await lastingKeys()).toEqual([])
})

test('when an ended run goes on its child runs stay with it, and leave with it in the end', async () => {
  await startTree()
  await finish('run.a.a')
  await finish('run.a')
  const { claim } = await claimed(journal, 'a', { nonce: 'last' })
  const error = { code: 'step/threw', message: 'no', place: null, help: null }
  await settled(journal, claim, { kind: 'failed', error, usage: NO_USAGE }, [])
  const standing = { edgeCount: 0, verdicts: { cause: null, voted: null, chosen: false, admitted: false } }
  const reply = await journal.reopen({
    runId: 'run',
    recordCount: (await journal.load('run'))?.records.length ?? 0,
    reason: 'again',
    reopened: [{ step: { stepId: 'a', rank: 0 }, ...standing }],
    ready: [{ stepId: 'a', rank: 0 }],
    counted: [],
    spread: [],
    unresolvedCount: 1,
    budgetNanoUsd: null,
    timeoutMs: null,
  })
  expect(reply.outcome).toBe('reopened')
  const lasting = await lastingKeys()
  for (const runId of ['run', 'run.a', 'run.a.a']) expect(lasting).toContain(`log:${runId}`)
  await finish('run')
  expect(await lastingKeys()).toEqual([])
})

test('a child run that nobody’s tree holds leaves by itself', async () => {
  const parent = { runId: 'gone', stepId: 'a', rootRunId: 'gone' }
  await journal.start({ ...startOf({ steps: 1 }), runId: 'gone.a', parent })
  await finish('gone.a')
  expect(await lastingKeys()).toEqual([])
})

test('child runs that left Redis leave their index, too', async () => {
  const { redis, keys } = opened
  await startTree()
  await journal.cancel('run', 'not wanted')
  expect(await redis.zcard(keys.childIndex('cancelled'))).toBe(2)
  await redis.del(...keys.run('run.a'))
  await opened.journal.trimIndexes()
  expect(await redis.zrange(keys.childIndex('cancelled'), 0, '-1')).toEqual(['run.a.a'])
})

test('a child run with nonsense in its keys does not hold up the end of the others', async () => {
  const { redis, keys } = opened
  await startTree()
  await redis.hset(keys.run('run.a')[1], 'a', 'nonsense')
  expect(await journal.cancel('run', 'not wanted')).toEqual({ isDone: true, status: 'cancelled' })
  expect((await journal.header('run'))?.status).toBe('cancelled')
  expect((await journal.header('run.a'))?.status).toBe('running')
})
