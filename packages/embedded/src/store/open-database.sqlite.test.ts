import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test } from 'vitest'
import { openJournal } from '../journal/open-journal.ts'
import { temporaryFolders } from '../testing/folder.ts'
import { Store } from './store.ts'

const freshFolder = temporaryFolders(afterEach)

const START = {
  runId: 'run',
  workflow: 'wf',
  definition: 'd',
  definitionText: '{}',
  input: '{}',
  tenant: null,
  priority: 0,
  tags: [],
  timeoutMs: null,
  parent: null,
  cleanup: null,
  pools: { byDefault: 'default', others: [] },
  concurrency: null,
  budgetNanoUsd: null,
  stepCount: 1,
  cap: null,
  roots: [{ stepId: 'a', rank: 0 }],
}

/** A folder with a journal that was closed cleanly. */
async function folderWithRuns(count = 1): Promise<{ readonly folder: string; readonly file: string }> {
  const folder = freshFolder()
  await using journal = await openJournal({ folder })
  for (let index = 0; index < count; index += 1)
    await journal.start({ ...START, runId: `run${index}`, input: `{"x":"${'x'.repeat(5_000)}"}` })
  return { folder, file: join(folder, 'journal.db') }
}

function refusal(folder: string): Promise<unknown> {
  return openJournal({ folder }).then(
    () => null,
    (error: unknown) => error,
  )
}

test('folder and file are for their user alone', async () => {
  const folder = join(freshFolder(), 'deep', 'er')
  await using journal = await openJournal({ folder })
  await journal.start(START)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  for (const name of readdirSync(folder))
    expect(`${name} ${(statSync(join(folder, name)).mode & 0o777).toString(8)}`).toBe(`${name} 600`)
})

test.each(['with blanks', 'ü漢字😀', '?b#c%20d', 'file:x', ':memory:'])('a folder may be named %s', async (name) => {
  const folder = join(freshFolder(), name)
  const journal = await openJournal({ folder })
  expect(journal.path).toBe(join(folder, 'journal.db'))
  await journal.start(START)
  await journal.close()
  await using again = await openJournal({ folder, access: 'read' })
  expect(await again.list({ limit: 1 })).toHaveLength(1)
})

test.each(['', ':memory:', 'file:x.db?mode=ro', 'a\0b', 'n'.repeat(300), 'n/'.repeat(2_500)])(
  '%j is no folder',
  async (folder) => {
    expect(await refusal(folder)).toMatchObject({ code: 'store/path', retryable: false })
  },
)

test('a file where the folder should be, and a folder where the file should be, are named', async () => {
  const place = freshFolder()
  writeFileSync(join(place, 'file'), 'text')
  expect(await refusal(join(place, 'file'))).toMatchObject({ code: 'store/path' })
  expect(await refusal(join(place, 'file', 'below'))).toMatchObject({ code: 'store/path' })
  expect(await refusal('/proc/nothing/below')).toMatchObject({ code: 'store/path' })
  mkdirSync(join(place, 'journal.db'))
  const error = await refusal(place)
  expect(error).toMatchObject({ code: 'store/path', place: join(place, 'journal.db') })
})

test.each(['a text that is long enough to be a header '.repeat(10), 'abc'])(
  'a text file is no journal',
  async (text) => {
    const folder = freshFolder()
    const file = join(folder, 'journal.db')
    writeFileSync(file, text)
    expect(await refusal(folder)).toMatchObject({ code: 'store/not-a-database' })
    expect(readFileSync(file, 'utf8')).toBe(text)
  },
)

test('a database of another program is left alone', async () => {
  const folder = freshFolder()
  const other = new DatabaseSync(join(folder, 'journal.db'))
  other.exec('create table cars (name text)')
  other.close()
  expect(await refusal(folder)).toMatchObject({ code: 'store/not-a-database' })
})

test('a newer schema is refused with both numbers', async () => {
  const { folder, file } = await folderWithRuns()
  const database = new DatabaseSync(file)
  database.exec('pragma user_version = 99')
  database.close()
  const error = await refusal(folder)
  expect(error).toMatchObject({ code: 'store/newer-schema' })
  expect(String(error)).toMatch(/schema 99.*up to 2/)
  await expect(openJournal({ folder, access: 'read' })).rejects.toMatchObject({ code: 'store/newer-schema' })
})

test.each([0.5, 0])('a journal cut to %f of its size is damaged, not new', async (part) => {
  const { folder, file } = await folderWithRuns(20)
  truncateSync(file, Math.floor(statSync(file).size * part))
  const bytes = statSync(file).size
  expect(await refusal(folder)).toMatchObject({ code: 'store/corrupt', place: file })
  await expect(openJournal({ folder, access: 'read' })).rejects.toMatchObject({ code: 'store/corrupt' })
  expect(statSync(file).size).toBe(bytes)
})

test('a page of noise is found at open', async () => {
  const { folder, file } = await folderWithRuns(20)
  const bytes = readFileSync(file)
  bytes.fill(0xa5, 4096, 3 * 4096)
  writeFileSync(file, bytes)
  expect(await refusal(folder)).toMatchObject({ code: 'store/corrupt' })
})

test('a journal that was removed is begun anew', async () => {
  const { folder, file } = await folderWithRuns()
  rmSync(file)
  await using journal = await openJournal({ folder })
  expect(await journal.list({ limit: 1 })).toEqual([])
})

test('a transaction of another program is waited for, then named; later it works', async () => {
  const { folder, file } = await folderWithRuns()
  const other = new DatabaseSync(file)
  const store = await Store.open({ folder, access: 'write', busyMs: 20 })
  const started = (): Promise<void> =>
    store.write([
      'r',
      0,
      1,
      1,
      '[{"kind":"started","atMs":1}]',
      null,
      'queued',
      null,
      {
        kind: 'start',
        hash: 'd',
        definition: '{}',
        workflow: 'wf',
        header: '{}',
        limits: '{}',
        parent: null,
        input: '{}',
        created: 1,
      },
    ])
  other.exec('begin immediate')
  await expect(started()).rejects.toMatchObject({ code: 'store/locked', place: file, retryable: true })
  other.exec('commit')
  await expect(started()).resolves.toBeUndefined()
  await store.close()
  other.close()
})

/** Root may write everywhere, so somebody else opens it. */
function openedByNobody(folder: string, access: 'read' | 'write'): string {
  const source = `
    const { openJournal } = await import(${JSON.stringify(join(import.meta.dirname, '..', 'index.ts'))})
    const said = await openJournal({ folder: ${JSON.stringify(folder)}, access: '${access}' }).then(
      async (journal) => (await journal.list({ limit: 9 })).length + ' runs', (error) => error.code)
    console.log(said)`
  const flags = [
    '--conditions=agentloom-source',
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    source,
  ]
  return spawnSync(process.execPath, flags, { uid: 65_534, encoding: 'utf8', cwd: '/' }).stdout.trim()
}

test.skipIf(process.getuid?.() !== 0)(
  'a folder that cannot be written is refused at open, and can be read',
  async () => {
    const { folder, file } = await folderWithRuns(2)
    chmodSync(folder, 0o555)
    chmodSync(file, 0o444)
    expect(openedByNobody(folder, 'write')).toBe('store/read-only')
    expect(openedByNobody(folder, 'read')).toBe('2 runs')
  },
)

test.skipIf(process.getuid?.() !== 0)('a full disk acknowledges nothing, and what was acknowledged stays', async () => {
  const folder = freshFolder()
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
  if (mounted.status !== 0) return console.warn('skipped: no tmpfs can be mounted here')
  try {
    const journal = await openJournal({ folder })
    let acknowledged = 0
    let refused: unknown = null
    while (refused === null) {
      await journal.start({ ...START, runId: `r${acknowledged}`, input: `{"x":"${'x'.repeat(50_000)}"}` }).then(
        () => (acknowledged += 1),
        (error: unknown) => (refused = error),
      )
    }
    expect(refused).toMatchObject({ code: 'store/full', retryable: true })
    expect(await journal.list({ limit: 100 })).toHaveLength(acknowledged)
    await journal.close().catch(() => undefined)
  } finally {
    spawnSync('umount', ['-l', folder])
  }
})
