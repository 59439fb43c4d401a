import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test } from 'vitest'
import { temporaryFolders } from '../testing/folder.ts'
import type { ChangeCells } from './messages.ts'
import { Store } from './store.ts'

const freshFolder = temporaryFolders(afterEach)

const BODY = '[{"kind":"started","atMs":1}]'

function begin(run: string): ChangeCells {
  const texts = { hash: 'd', definition: '{}', workflow: 'wf', header: '{}', limits: '{}', parent: null, input: '{}' }
  return [run, 0, 1, 1, BODY, null, 'queued', null, { kind: 'start', ...texts, created: 1 }]
}

function go(run: string, from: number, status = 'running'): ChangeCells {
  return [run, from, 1, 1, BODY, null, status, null, null]
}

async function seqsOf(store: Store, run: string): Promise<readonly number[]> {
  return (await store.call({ name: 'read', run, from: 0 }))?.records.map(({ seq }) => seq) ?? []
}

test('a change behind a gap is refused alone, and nothing more is written of its run', async () => {
  const store = await Store.open({ folder: freshFolder(), access: 'write' })
  await Promise.all([store.write(begin('a')), store.write(begin('b'))])
  const refused = store.write(go('a', 2))
  const others = [store.write(go('b', 1)), store.write(go('b', 2))]
  await expect(refused).rejects.toMatchObject({ code: 'run/taken', refusal: { kind: 'lost' } })
  await expect(Promise.all(others)).resolves.toHaveLength(2)
  await expect(store.write(go('a', 1))).rejects.toMatchObject({ code: 'run/taken' })
  expect(await seqsOf(store, 'a')).toEqual([0])
  expect(await seqsOf(store, 'b')).toEqual([0, 1, 2])
  await store.close()
})

test('where somebody else has written, nothing is written over', async () => {
  const store = await Store.open({ folder: freshFolder(), access: 'write' })
  await store.write(begin('a'))
  const other = new DatabaseSync(store.path)
  other.exec(`insert into records (run, seq, at, body, sum) select id, 1, 1, 'theirs', 0 from runs`)
  await expect(store.write(go('a', 1))).rejects.toMatchObject({ code: 'run/taken' })
  expect(other.prepare('select body from records where seq = 1').get()).toEqual({ body: 'theirs' })
  other.close()
  await store.close()
})

test('of two processes one has a run; when it is over nobody has', async () => {
  const folder = freshFolder()
  const first = await Store.open({ folder, access: 'write' })
  const second = await Store.open({ folder, access: 'write' })
  await first.write(begin('a'))
  expect(await second.call({ name: 'take', run: 'a' })).toMatchObject({ owner: { pid: process.pid } })
  await expect(second.write(go('a', 1))).rejects.toMatchObject({ code: 'run/taken' })
  await first.write(go('a', 1, 'failed'))
  expect(await second.call({ name: 'standing', run: 'a' })).toEqual({ owner: null })
  expect(await second.call({ name: 'take', run: 'a' })).toMatchObject({ header: { run: 'a', status: 'failed' } })
  await second.write(go('a', 2))
  await first.close()
  await second.close()
})

test('many changes of one turn are all on disk when the last is acknowledged', async () => {
  const folder = freshFolder()
  const store = await Store.open({ folder, access: 'write' })
  const runs = Array.from({ length: 500 }, (_, index) => `r${index}`)
  await Promise.all(runs.flatMap((run) => [store.write(begin(run)), store.write(go(run, 1))]))
  const reader = new DatabaseSync(store.path, { readOnly: true })
  expect(reader.prepare('select count(*) as count from records').get()).toEqual({ count: 1_000 })
  reader.close()
  await store.close()
})
