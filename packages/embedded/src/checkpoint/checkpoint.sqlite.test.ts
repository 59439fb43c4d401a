import type { JournalRecord, LoadedRun } from '@agentloom/engine'
import { defineFunction } from '@agentloom/workflow'
import { cpSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createEmbedded } from '../runtime/embedded.ts'
import { temporaryFolders } from '../testing/folder.ts'
import { chainOf, executorsWith } from '../testing/plans.ts'
import { CheckpointStore, listCheckpoints } from './checkpoint-store.ts'

const freshFolder = temporaryFolders(afterEach)

const say = defineFunction({
  name: 'say',
  input: z.object({ n: z.number() }),
  run: ({ n }) => (n === 0 ? `é${'😀"\\\u0000'.repeat(50_000)}` : n),
})
const hang = defineFunction({
  name: 'hang',
  input: z.object({ n: z.number() }),
  run: () => new Promise<never>(() => undefined),
})

/** A folder where `count` runs succeeded, its journal closed. */
async function folderWithRuns(count: number): Promise<string> {
  const folder = freshFolder()
  await using embedded = await createEmbedded({ folder, executors: executorsWith([say]) })
  for (let index = 0; index < count; index += 1)
    await (await embedded.start(chainOf(2, 'say'), { runId: `run${index}` })).result()
  return folder
}

function loseJournal(folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith('journal.db')) rmSync(join(folder, name))
}

test('a run is the same from its checkpoint when the journal is gone, and goes on from there', async () => {
  const folder = freshFolder()
  const first = await createEmbedded({ folder, executors: executorsWith([say, hang]) })
  const done = await first.start(chainOf(2, 'say'), { runId: 'done' })
  const result = await done.result()
  const paused = await first.start(chainOf(2, 'hang'), { runId: 'paused' })
  await paused.pause()
  await first.close()
  loseJournal(folder)

  const work = defineFunction({ name: 'hang', input: z.object({ n: z.number() }), run: ({ n }) => n })
  await using second = await createEmbedded({ folder, executors: executorsWith([say, work]) })
  expect(await second.view('done')).toEqual(result)
  expect((await second.runs()).map(({ runId }) => runId)).toEqual(['paused', 'done'])
  expect((await second.runs({ statuses: ['success'] })).map(({ runId }) => runId)).toEqual(['done'])
  expect(await (await second.resume('paused')).result()).toMatchObject({ status: 'success', state: { s0: 0, s1: 1 } })
  expect(await (await second.resume('done')).result()).toEqual(result)
  expect((await second.journal.header('done'))?.status).toBe('success')
})

test('the file is private, and looking leaves no trace', async () => {
  const folder = join(await folderWithRuns(2), 'checkpoints')
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
  const none = join(freshFolder(), 'checkpoints')
  expect(await listCheckpoints(none)).toEqual({ headers: [], bad: [] })
  await using store = new CheckpointStore(none)
  expect(await store.read('absent')).toBeNull()
  await store.remove(['absent'])
  expect(existsSync(none)).toBe(false)
})

test('a damaged run is reported with its name, and the others are listed and read', async () => {
  const folder = join(await folderWithRuns(3), 'checkpoints')
  const database = new DatabaseSync(join(folder, 'runs.db'))
  database.exec(`update runs set header = replace(header, 'success', 'failed') where run = 'run0'`)
  database.exec(
    `update records set body = replace(body, 's1', 's0') where run = (select id from runs where run = 'run1')`,
  )
  database.exec(`delete from records where seq = 1 and run = (select id from runs where run = 'run2')`)
  database.close()
  writeFileSync(join(folder, 'newer.json'), '{"format":2}')
  await using store = new CheckpointStore(folder)
  const { headers, bad } = await store.list()
  expect(headers.map(({ runId }) => runId)).toEqual(['run2', 'run1'])
  expect(bad.map(({ file }) => file).toSorted()).toEqual([join(folder, 'newer.json'), store.placeOf('run0')])
  for (const run of ['run0', 'run1', 'run2'])
    await expect(store.read(run)).rejects.toMatchObject({ code: 'checkpoint/corrupt', place: store.placeOf(run) })
})

test('files of the form before are listed, gone on with, and gone once the run is written anew', async () => {
  const folder = freshFolder()
  cpSync(new URL('../testing/checkpoints-1/', import.meta.url), join(folder, 'checkpoints'), { recursive: true })
  await using embedded = await createEmbedded({ folder, executors: executorsWith([say]) })
  expect((await embedded.runs()).map(({ runId, status }) => [runId, status])).toEqual([
    ['old-paused', 'paused'],
    ['old-done', 'success'],
  ])
  expect(await embedded.view('old-done')).toMatchObject({ status: 'success', state: { s0: 0, s1: 1 } })
  const resumed = await (await embedded.resume('old-paused')).result()
  expect(resumed).toMatchObject({ status: 'success', state: { s1: 1 } })
  await embedded.close()
  expect(readdirSync(join(folder, 'checkpoints')).filter((name) => name.endsWith('.json'))).toEqual(['old-done.json'])
  await using store = new CheckpointStore(join(folder, 'checkpoints'))
  expect((await store.read('old-paused'))?.header.status).toBe('success')
})

test('a checkpoint whose records exclude one another is not gone on with', async () => {
  const folder = await folderWithRuns(1)
  const store = new CheckpointStore(join(folder, 'checkpoints'))
  const { definitionText, header, records } = (await store.read('run0'))!
  const again = records.flatMap((record): JournalRecord[] =>
    record.kind === 'committed' ? [record, record] : [record],
  )
  await store.write({ header, records: again }, definitionText)
  await store.close()
  loseJournal(folder)
  await using embedded = await createEmbedded({ folder, executors: executorsWith([say]) })
  const refused = embedded.resume('run0')
  await expect(refused).rejects.toMatchObject({ code: 'checkpoint/corrupt', place: store.placeOf('run0') })
  await expect(refused).rejects.toThrow(/which is resolved/)
})

/** A run of many records, of which the first `count` are given. */
async function longRun(): Promise<{ readonly first: (count: number) => LoadedRun; readonly text: string }> {
  const folder = freshFolder()
  await using embedded = await createEmbedded({ folder, executors: executorsWith([say]) })
  await (await embedded.start(chainOf(300, 'say'), { runId: 'long' })).result()
  const { header, records } = (await embedded.journal.load('long'))!
  const text = (await embedded.journal.definition(header.definition))!
  const first = (count: number): LoadedRun => {
    const some = records.slice(0, count)
    const updatedAtMs = some.at(-1)!.atMs
    return { header: { ...header, status: 'running', updatedAtMs }, records: some }
  }
  return { first, text }
}

/** Numbers of the rows of records, which are never written twice. */
function rowsOf(folder: string): readonly number[] {
  const database = new DatabaseSync(join(folder, 'runs.db'), { readOnly: true })
  const rows = database.prepare('select id from records order by id').all()
  database.close()
  return rows.map(({ id }) => Number(id))
}

test('of a run that goes on only what is new is written', async () => {
  const { first, text } = await longRun()
  const folder = freshFolder()
  await using store = new CheckpointStore(folder)
  await store.write(first(250), text)
  const before = rowsOf(folder)
  await store.write(first(270), text)
  expect(rowsOf(folder).slice(0, 250)).toEqual(before)
  expect(rowsOf(folder)).toHaveLength(270)
  expect(await store.read('long')).toEqual({ ...first(270), definitionText: text })

  const { header, records } = first(400)
  expect(await store.recordCount('long')).toBe(270)
  expect(await store.writeOn(header, text, { from: 270, records: records.slice(269) })).toBe(true)
  expect(await store.writeOn(header, text, { from: 300, records: records.slice(299) })).toBe(false)
  expect(await store.read('long')).toEqual({ ...first(400), definitionText: text })
})

test('a run with another past is written anew, and a reader sees the one or the other whole', async () => {
  const { first, text } = await longRun()
  const folder = freshFolder()
  await using store = new CheckpointStore(folder)
  await store.write(first(300), text)
  const { header, records } = first(500)
  const other: JournalRecord = { kind: 'paused', atMs: records[299]!.atMs, reason: 'another past' }
  const rewritten = [...records.slice(0, 299), other, ...records.slice(299)]
  expect(await store.writeOn(header, text, { from: 300, records: rewritten.slice(299) })).toBe(false)
  const writing = store.write({ header, records: rewritten }, text)
  const seen = new Set<number>()
  let isWritten = false
  void writing.then(() => (isWritten = true))
  while (!isWritten) seen.add((await store.read('long'))!.records.length)
  await writing
  seen.add((await store.read('long'))!.records.length)
  expect([...seen].toSorted((a, b) => a - b)).toEqual([300, 501])
  expect((await store.read('long'))?.records).toEqual(rewritten)
  expect(rowsOf(folder)).toHaveLength(501)
})

test.each(['light', 'x'.repeat(3_000_000)])(
  'a migrated run, which may say earlier records anew, is written anew',
  async (text) => {
    const folder = freshFolder()
    await using embedded = await createEmbedded({ folder: freshFolder(), executors: executorsWith([say]) })
    await (await embedded.start(chainOf(2, 'say'), { runId: 'run' })).result()
    const loaded = await embedded.journal.load('run')
    if (loaded === null) throw new Error('no run')
    await using store = new CheckpointStore(folder)
    const records = (cause: number): JournalRecord[] => [
      { kind: 'started', atMs: 1 },
      { kind: 'skipped', atMs: 2, stepId: 'a', cause },
      { kind: 'paused', atMs: 3, reason: text },
    ]
    await store.write({ ...loaded, records: records(1) }, '{}')
    const moved: JournalRecord[] = [...records(2), { kind: 'migrated', atMs: 4, from: 'a', to: 'b' }]
    const header = { ...loaded.header, definition: 'b' }
    await store.write({ header, records: moved }, '{"format":1}')
    expect(await store.read('run')).toMatchObject({ records: moved, definitionText: '{"format":1}' })
    const more: JournalRecord[] = [...moved, { kind: 'paused', atMs: 5, reason: 'again' }]
    await store.write({ header, records: more }, '{"format":1}')
    expect((await store.read('run'))?.records).toEqual(more)
  },
)

test('of two writers the one that saw the run later wins', async () => {
  const { first, text } = await longRun()
  const folder = freshFolder()
  await using one = new CheckpointStore(folder)
  await using other = new CheckpointStore(folder)
  await one.write(first(150), text)
  await Promise.all([other.write(first(40), text), one.write(first(160), text), other.write(first(155), text)])
  expect(await one.read('long')).toEqual({ ...first(160), definitionText: text })
  await other.write(first(40), text)
  expect((await one.read('long'))?.records).toHaveLength(160)
})

test('runs go by age and by number, with all below them; those at rest stay', async () => {
  const { first, text } = await longRun()
  const folder = freshFolder()
  await using store = new CheckpointStore(folder)
  const { header, records } = first(2)
  const put = (runId: string, status: 'success' | 'failed' | 'paused', updatedAtMs: number, root?: string) => {
    const parent = root === undefined ? null : { runId: root, stepId: 's', rootRunId: root }
    return store.write({ header: { ...header, runId, status, updatedAtMs, parent }, records }, text)
  }
  await put('a', 'success', 1_000)
  await put('b', 'failed', 2_000)
  await put('c', 'success', 3_000)
  await put('c.s', 'success', 3_000, 'c')
  await put('d', 'paused', 500)
  expect(await store.expired({ ageMs: 1_500, countMax: null }, 3_000, 10)).toEqual(['a'])
  expect(await store.expired({ ageMs: null, countMax: 1 }, 3_000, 10)).toEqual(['a', 'b'])
  expect(await store.expired({ ageMs: null, countMax: 0, statuses: ['failed'] }, 3_000, 10)).toEqual(['b'])
  expect(await store.expired({ ageMs: null, countMax: null }, 9_999, 10)).toEqual([])
  await store.remove(await store.tree('c'))
  expect((await store.ids()).toSorted()).toEqual(['a', 'b', 'd'])
  await store.remove(await store.ids())
  const database = new DatabaseSync(join(folder, 'runs.db'))
  for (const table of ['runs', 'records', 'defs'])
    expect(database.prepare(`select count(*) as n from ${table}`).get()).toEqual({ n: 0 })
  database.close()
})

test('others get their turn while 10 MB of outputs are written and checkpointed', async () => {
  const big = defineFunction({ name: 'big', input: z.object({ n: z.number() }), run: () => 'x'.repeat(1024 ** 2) })
  const folder = freshFolder()
  await using embedded = await createEmbedded({ folder, executors: executorsWith([big]) })
  let turns = 0
  let isOver = false
  const turn = (): void => {
    turns += 1
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  const run = await embedded.start(chainOf(10, 'big'))
  await run.result()
  const whileRunning = turns
  await embedded.close()
  isOver = true
  // At least one turn of the loop between any two steps, and between any two outputs of the checkpoint.
  expect(whileRunning).toBeGreaterThan(10)
  expect(turns - whileRunning).toBeGreaterThan(10)
})
