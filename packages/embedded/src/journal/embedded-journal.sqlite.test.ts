import {
  childOf,
  claimed,
  journalConformance,
  settled,
  startOf,
  VirtualClock,
  waiting,
} from '@agentloom/engine/testing'
import { compileYaml, writeDefinition } from '@agentloom/workflow'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Store } from '../store/store.ts'
import { temporaryFolders } from '../testing/folder.ts'
import { EmbeddedJournal } from './embedded-journal.ts'
import { openJournal } from './open-journal.ts'

const freshFolder = temporaryFolders(afterEach)

const PLAN = compileYaml(`
name: wf
steps: [{id: a, type: function, handler: f, input: {}}, {id: b, type: function, handler: f, input: {}}]`).plan
const DEFINITION = { definition: PLAN.hash, definitionText: writeDefinition(PLAN.definition) }
const START = { ...startOf({ steps: 2, roots: ['a', 'b'] }), ...DEFINITION }

describe('the journal in a file', () => {
  for (const { name, run } of journalConformance) {
    test(name, async () => {
      const clock = new VirtualClock()
      const folder = freshFolder()
      const store = await Store.open({ folder, access: 'write' })
      await using journal = new EmbeddedJournal(store, { now: () => clock.now(), offerMs: 5_000, hasLeases: true })
      const opened = { journal, advance: async (ms: number) => clock.advance(ms), close: async () => undefined }
      await expect(run(opened)).resolves.toBeUndefined()
      for (const { runId } of await journal.list({ limit: 10, withChildren: true })) {
        const inMemory = await journal.load(runId)
        journal.drop(runId)
        expect(await journal.load(runId)).toEqual(inMemory)
        expect((await journal.load(runId, 1))?.records).toEqual(inMemory?.records.slice(1))
      }
    })
  }
})

test('reading a folder without a journal finds nothing and makes nothing', async () => {
  const folder = join(freshFolder(), 'none')
  await using journal = await openJournal({ folder, access: 'read' })
  expect(await journal.list({ limit: 10 })).toEqual([])
  expect(await journal.load('run')).toBeNull()
  expect(await journal.unknown(['run'])).toEqual(['run'])
  await expect(openJournal({ folder: join(folder, 'still', 'none'), access: 'read' })).resolves.toBeDefined()
})

test.each([
  `body = replace(body, '"atMs":1', '"atMs":2')`, // still a record that could have been written
  `body = replace(body, 'started', 'startee')`,
  `output = '1'`,
])('one flipped byte costs one run, and says which: %s', async (damage) => {
  const folder = freshFolder()
  const start = {
    workflow: 'wf',
    definition: 'd',
    definitionText: '{}',
    input: '{}',
    tenant: null,
    priority: 0,
    tags: [],
  }
  const rest = {
    parent: null,
    cleanup: null,
    pools: { byDefault: 'default', others: [] },
    concurrency: null,
    timeoutMs: null,
    budgetNanoUsd: null,
    stepCount: 1,
    cap: null,
    roots: [{ stepId: 'a', rank: 0 }],
  }
  await using journal = await openJournal({ folder })
  for (const runId of ['first', 'second']) {
    await journal.start({ ...start, ...rest, runId })
    await journal.give(runId)
  }
  const file = new DatabaseSync(join(folder, 'journal.db'))
  file.exec(`update records set ${damage} where run = (select id from runs where run = 'first')`)
  file.close()
  await expect(journal.load('first')).rejects.toMatchObject({ code: 'journal/corrupt', place: 'run first' })
  expect((await journal.load('second'))?.records).toHaveLength(1)
  expect((await journal.list({ limit: 10 })).map(({ runId }) => runId)).toEqual(['second', 'first'])
})

test('commands that were not acknowledged before the journal closed are refused', async () => {
  const journal = await openJournal({ folder: freshFolder() })
  await journal.close()
  await expect(journal.load('run')).rejects.toMatchObject({ code: 'store/closed' })
})

test('a journal of the first schema is brought up to date, and keeps what it held', async () => {
  const folder = freshFolder()
  const journal = await openJournal({ folder })
  await journal.start(startOf({ steps: 1 }))
  await journal.close()
  const file = new DatabaseSync(join(folder, 'journal.db'))
  file.exec(`drop index runs_parent; alter table runs drop column limits; alter table runs drop column parent;
    drop table wishes; create table wishes (run integer primary key, wish text not null, reason text not null) strict;
    pragma user_version = 1`)
  file.close()
  await expect(openJournal({ folder, access: 'read' })).rejects.toMatchObject({ code: 'store/read-only' })
  await using again = await openJournal({ folder })
  expect(await again.header('run')).toMatchObject({ status: 'queued', budgetNanoUsd: null, parent: null })
  await again.start({ ...startOf({ steps: 1 }), runId: 'other' })
  expect(await again.list({ limit: 10 })).toHaveLength(2)
})

describe('two processes, one with the run and one that asks', () => {
  const GATE = { kind: 'gate', timeoutMs: null } as const
  const approved = { runId: 'run', stepId: 'a', wake: { kind: 'decided', decision: 'approved', by: 'ann' } } as const

  /** The second journal has a thread and a process row of its own, as another process would. */
  async function waitingRun(): Promise<{ readonly owner: EmbeddedJournal; readonly other: EmbeddedJournal }> {
    const folder = freshFolder()
    const owner = await openJournal({ folder })
    await owner.start(START)
    await settled(owner, (await claimed(owner, 'a')).claim, waiting(GATE), [])
    const signal = { kind: 'signal', name: 'go', timeoutMs: null } as const
    await settled(owner, (await claimed(owner, 'b')).claim, waiting(signal), [], 1)
    owner.onWish((runId, wish) => {
      if (wish.wish === 'wake') void owner.wake({ runId, stepId: wish.stepId, wake: wish.wake })
      if (wish.wish === 'signal') void owner.signal(runId, wish.name, wish.payload)
    })
    return { owner, other: await openJournal({ folder }) }
  }

  test('a gate is decided and a signal given through the process that has the run', async () => {
    const { owner, other } = await waitingRun()
    const label = { definition: PLAN.hash, priority: 0 }
    expect(await other.wake(approved)).toEqual({ outcome: 'woken', offers: [], label })
    expect(await other.wake(approved)).toEqual({ outcome: 'woken', offers: [], label })
    const rejected = { ...approved, wake: { ...approved.wake, decision: 'rejected' } }
    expect(await other.wake(rejected)).toEqual({ outcome: 'refused', reason: 'decided' })
    expect(await other.signal('run', 'go', '1')).toEqual({ outcome: 'kept', isNew: true, offers: [], label })
    expect(await other.signal('run', 'go', '1')).toEqual({ outcome: 'kept', isNew: false, offers: [], label })
    expect(await other.signal('run', 'go', '2')).toEqual({ outcome: 'refused', reason: 'signalled-otherwise' })
    expect((await claimed(owner, 'a', { nonce: 'n2' })).wake).toEqual(approved.wake)
    await Promise.all([owner.close(), other.close()])
  })

  test('where no process has the run, it is written directly', async () => {
    const { owner, other } = await waitingRun()
    await owner.close()
    expect((await other.wake(approved)).outcome).toBe('woken')
    expect((await other.signal('run', 'go', '1')).outcome).toBe('kept')
    expect((await other.load('run'))?.records.slice(-3).map(({ kind }) => kind)).toEqual([
      'woken',
      'signalled',
      'woken',
    ])
    expect((await other.wake({ ...approved, runId: 'nobody' })).outcome).toBe('refused')
    await other.close()
  })
})

test('child runs are taken, and given, with their parent', async () => {
  const folder = freshFolder()
  const first = await openJournal({ folder })
  await first.start(START)
  const { claim } = await claimed(first, 'a')
  for (const id of ['a', 'gone']) await first.start({ ...childOf(id), ...DEFINITION })
  await first.cancel('run.gone', 'not wanted')
  await settled(first, claim, waiting({ kind: 'child', runId: 'run.a' }), [])
  await first.close()
  await using second = await openJournal({ folder })
  await second.take('run')
  expect(second.childrenHere('run')).toEqual(['run.a'])
  expect((await second.due(10)).map(({ kind }) => kind)).toEqual(['child'])
  await second.cancel('run', 'not wanted')
  expect((await second.header('run.a'))?.error?.code).toBe('run/parent-ended')
  await second.give('run')
  expect(second.has('run.a')).toBe(false)
  await second.take('run')
  expect(second.childrenHere('run')).toEqual(['run.a'])
})
