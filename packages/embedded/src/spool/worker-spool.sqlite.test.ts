import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test } from 'vitest'
import { begun, ended, header } from '../testing/spooled-run.fixture.ts'
import { SPOOL } from './tables.ts'
import { readSpools, WorkerSpool } from './worker-spool.ts'

const folders: string[] = []

function newFolder(): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'spool-')), 'spool')
  folders.push(folder)
  return folder
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(join(folder, '..'), { recursive: true, force: true })
})

test('what was put is there after the process is gone, for whoever opens a spool in the folder next', async () => {
  const folder = newFolder()
  const child = fork(new URL('../testing/spool-child.ts', import.meta.url), [folder], {
    execArgv: ['--conditions=agentloom-source', '--disable-warning=ExperimentalWarning'],
  })
  await once(child, 'message') // everything was put
  const other = await WorkerSpool.open({ folder, worker: 'other' })
  expect(await other.runs()).toEqual([]) // its owner lives
  await other.close()
  child.kill('SIGKILL')
  await once(child, 'exit')
  const spool = await WorkerSpool.open({ folder, worker: 'next' })
  expect(await spool.read('run')).toEqual({ header, definitionText: '{"ü":1}', facts: [ended] })
  expect(await spool.runs()).toEqual([{ runId: 'run', touchedAtMs: 3, leavingAtMs: null }])
  await spool.close()
  expect(readdirSync(folder).filter((name) => name.endsWith('.db'))).toEqual(['next.db'])
  expect(statSync(join(folder, 'next.db')).mode & 0o777).toBe(0o600)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
})

test('what is dropped is gone, and the rest can be read by others', async () => {
  const folder = newFolder()
  const spool = await WorkerSpool.open({ folder, worker: 'host:1:ab' })
  await Promise.all([spool.put(begun), spool.put(ended), spool.put({ ...begun, header: { ...header, runId: 'b' } })])
  await spool.drop([
    { runId: 'run', touchedAtMs: 3, leavingAtMs: null },
    { runId: 'b', touchedAtMs: 1, leavingAtMs: null }, // something has been put for it since
  ])
  const [found] = readSpools(folder).spools
  expect(await found?.spool.runs()).toEqual([{ runId: 'b', touchedAtMs: 2, leavingAtMs: null }])
  expect(await found?.spool.read('b')).toMatchObject({ definitionText: '{"ü":1}', facts: [] })
  await spool.close()
  await expect(spool.put(ended)).rejects.toMatchObject({ code: 'spool/closed' })
})

test('a run is marked as leaving until something is put for it, also by the worker that takes the spool over', async () => {
  const folder = newFolder()
  const leavingAtMs = async (spool: WorkerSpool) => (await spool.runs()).map((run) => run.leavingAtMs)
  const first = await WorkerSpool.open({ folder, worker: 'first' })
  await first.put(begun)
  await first.mark(await first.runs(), 7)
  await first.close()
  const second = await WorkerSpool.open({ folder, worker: 'second' })
  expect(await leavingAtMs(second)).toEqual([7])
  await second.put(ended)
  expect(await leavingAtMs(second)).toEqual([null])
  const [run] = await second.runs()
  await second.mark(run === undefined ? [] : [{ ...run, touchedAtMs: 2 }], 8) // something has been put for it since
  expect(await leavingAtMs(second)).toEqual([null])
  await second.close()
})

test('a damaged spool keeps nobody from reading the others', async () => {
  const folder = newFolder()
  for (const worker of ['bad', 'good']) {
    const spool = await WorkerSpool.open({ folder, worker })
    await spool.put(begun)
    await spool.close()
    if (worker === 'bad') truncateSync(join(folder, 'bad.db'), 5_000)
  }
  const { spools, unread } = readSpools(folder)
  expect(spools.map(({ path }) => path)).toEqual([join(folder, 'good.db')])
  expect(unread).toMatchObject([{ code: 'spool/io', place: join(folder, 'bad.db') }])
})

test('a spool of the schema before is read and taken over', async () => {
  const folder = newFolder()
  const old = await WorkerSpool.open({ folder, worker: 'old' })
  await old.put(begun)
  await old.close()
  const database = new DatabaseSync(join(folder, 'old.db'))
  database.exec('alter table runs drop column leaving; pragma user_version = 1')
  database.close()
  const known = [{ runId: 'run', touchedAtMs: 2, leavingAtMs: null }]
  expect(await readSpools(folder).spools[0]?.spool.runs()).toEqual(known)
  const next = await WorkerSpool.open({ folder, worker: 'next' })
  expect(await next.runs()).toEqual(known)
  await next.close()
})

test('what a start on a full disk has left keeps nobody from starting', async () => {
  const folder = newFolder()
  const first = await WorkerSpool.open({ folder, worker: 'first' })
  await first.put(begun)
  await first.close()
  writeFileSync(join(folder, 'empty.db'), '')
  const begunOnly = new DatabaseSync(join(folder, 'begun.db'))
  begunOnly.exec(`pragma application_id = ${SPOOL.applicationId}; pragma user_version = ${SPOOL.version}`)
  begunOnly.close()
  const next = await WorkerSpool.open({ folder, worker: 'next' })
  expect((await next.runs()).map(({ runId }) => runId)).toEqual(['run'])
  await next.close()
})

test('spools are found below a folder, not behind its symbolic links', async () => {
  const folder = newFolder()
  const spool = await WorkerSpool.open({ folder: join(folder, 'place'), worker: 'w' })
  symlinkSync('..', join(folder, 'place', 'circle'))
  expect(readSpools(folder).spools.map(({ path }) => path)).toEqual([join(folder, 'place', 'w.db')])
  await spool.close()
})

test('two workers of one name do not share a spool', async () => {
  const folder = newFolder()
  const spool = await WorkerSpool.open({ folder, worker: 'w' })
  await expect(WorkerSpool.open({ folder, worker: 'w' })).rejects.toMatchObject({ code: 'spool/io' })
  await spool.close()
}, 15_000)
