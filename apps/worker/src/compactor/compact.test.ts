import { BlobMissingError, NewerFormatError } from '@agentloom/engine'
import { testHeader } from '@agentloom/engine/testing'
import { expect, test } from 'vitest'
import { compactLive, compactRound } from './compact.ts'
import type { CompactorNews } from './messages.ts'

/** Nothing is kept of a run before. */
const NEW = { recordCount: async () => null, writeOn: async () => false }

/** A journal of ended runs, and a disk that may refuse. */
function place(runIds: readonly string[]) {
  const listed = new Set(runIds)
  const files = new Set<string>()
  const news: CompactorNews[] = []
  const header = (runId: string) => testHeader({ runId, status: 'success' })
  return {
    headerOf: header,
    listed,
    files,
    news,
    gone: new Set<string>(),
    newer: new Set<string>(),
    blobless: new Set<string>(),
    isDiskFull: false,
    round() {
      return compactRound(
        {
          unsaved: async (limit) => [...listed].slice(0, limit).map((runId) => ({ runId, since: '1' })),
          done: async (runs) => runs.forEach(({ runId }) => listed.delete(runId)),
          postpone: async (runs) => {
            for (const { runId } of runs) listed.delete(runId)
            for (const { runId } of runs) listed.add(runId)
          },
          load: async (runId) => {
            if (this.blobless.has(runId)) throw new BlobMissingError(runId, 'digest')
            if (this.newer.has(runId)) throw new NewerFormatError(runId, 2, 1)
            return this.gone.has(runId) ? null : { header: header(runId), records: [] }
          },
          definition: async () => 'text',
        },
        {
          ...NEW,
          write: async (loaded) => {
            if (this.isDiskFull) throw new Error('ENOSPC')
            files.add(loaded.header.runId)
          },
        },
        (one) => news.push(one),
      )
    },
  }
}

test('a run is forgotten when its file is written; a long list takes more rounds', async () => {
  const here = place(Array.from({ length: 200 }, (_, n) => `run${n}`))
  expect(await here.round()).toBe(true)
  expect(await here.round()).toBe(false)
  expect(here.files.size).toBe(200)
  expect(here.listed.size).toBe(0)
})

test('a full disk forgets nothing: the run is written when there is room', async () => {
  const here = place(['run1'])
  here.isDiskFull = true
  await expect(here.round()).rejects.toThrow('ENOSPC')
  expect([...here.listed]).toEqual(['run1'])
  here.isDiskFull = false
  await here.round()
  expect([...here.files]).toEqual(['run1'])
})

test('runs that have left Redis or are of a later version hold up nobody', async () => {
  const here = place(['gone', 'newer', 'good'])
  here.gone.add('gone')
  here.newer.add('newer')
  await here.round()
  expect([...here.files]).toEqual(['good'])
  expect(here.listed.size).toBe(0)
  expect(here.news).toContainEqual(expect.objectContaining({ kind: 'given-up', runId: 'newer' }))
})

test('a blob store that is away for a moment costs no run its checkpoint, and no other run its turn', async () => {
  const runIds = Array.from({ length: 150 }, (_, n) => `run${n}`)
  const here = place([...runIds, 'good'])
  for (const runId of runIds) here.blobless.add(runId)
  await expect(here.round()).rejects.toThrow(BlobMissingError)
  await expect(here.round()).rejects.toThrow(BlobMissingError)
  expect([...here.files]).toEqual(['good'])
  here.blobless.clear()
  await here.round()
  await here.round()
  expect(here.listed.size).toBe(0)
  expect(here.files.size).toBe(151)
  expect(here.news).not.toContainEqual(expect.objectContaining({ kind: 'given-up' }))
})

test('a run at work is written when it has changed, and forgotten when it works no more', async () => {
  const live = new Map([
    ['a', 1],
    ['b', 1],
  ])
  const writes: string[] = []
  const written = new Map<string, number>()
  const here = place([])
  const round = () =>
    compactLive(
      {
        live: async () => [...live].map(([runId, updatedAtMs]) => ({ runId, updatedAtMs })),
        load: async (runId) => ({ header: here.headerOf(runId), records: [] }),
        definition: async () => 'text',
      },
      {
        store: { ...NEW, write: async ({ header }) => void writes.push(header.runId) },
        tell: () => undefined,
        written,
      },
    )
  await round()
  live.set('b', 2)
  await round()
  await round()
  live.delete('a')
  await round()
  expect(writes).toEqual(['a', 'b', 'b'])
  expect([...written]).toEqual([['b', 2]])
})

test('of a long run only what is new is read and written', async () => {
  const reads: (number | undefined)[] = []
  const written: unknown[] = []
  const { headerOf } = place([])
  await compactLive(
    {
      live: async () => [{ runId: 'a', updatedAtMs: 1 }],
      load: async (runId, from) => {
        reads.push(from)
        return { header: headerOf(runId), records: [] }
      },
      definition: async () => 'text',
    },
    {
      store: {
        recordCount: async () => 400,
        writeOn: async (_header, _text, { from }) => {
          written.push(from)
          return true
        },
        write: async () => void written.push('whole'),
      },
      tell: () => undefined,
      written: new Map(),
    },
  )
  expect(reads).toEqual([399])
  expect(written).toEqual([400])
})
