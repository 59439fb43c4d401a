import { journalConformance, VirtualClock } from '@agentloom/engine/testing'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Store } from '../store/store.ts'
import { temporaryFolders } from '../testing/folder.ts'
import { EmbeddedJournal, openJournal } from './embedded-journal.ts'

const freshFolder = temporaryFolders(afterEach)

describe('the journal in a file', () => {
  for (const { name, run } of journalConformance) {
    test(name, async () => {
      const clock = new VirtualClock()
      const folder = freshFolder()
      const store = await Store.open({ folder, access: 'write' })
      await using journal = new EmbeddedJournal(store, { now: () => clock.now(), offerMs: 5_000, hasLeases: true })
      const opened = { journal, advance: async (ms: number) => clock.advance(ms), close: async () => undefined }
      await expect(run(opened)).resolves.toBeUndefined()
      for (const { runId } of await journal.list({ limit: 10 })) {
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
  const rest = { timeoutMs: null, budgetNanoUsd: null, stepCount: 1, cap: null, roots: [{ stepId: 'a', rank: 0 }] }
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
