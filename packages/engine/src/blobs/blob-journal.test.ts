import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { MemoryJournal } from '../journal/memory-journal.ts'
import { claimed, heldBy, oneEdge, settled, startOf, success } from '../testing/journal-commands.ts'
import { journalConformance } from '../testing/journal-conformance.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { BlobJournal } from './blob-journal.ts'
import { Blobs } from './blobs.ts'
import { BlobStoreError } from './errors.ts'
import { MemoryBlobs } from './memory-blobs.ts'

function place({ charactersMin }: { readonly charactersMin?: number } = {}) {
  const clock = new VirtualClock()
  const inner = new MemoryJournal({ now: () => clock.now(), offerMs: 5_000, hasLeases: true })
  const store = new MemoryBlobs()
  /** As another process sees it. */
  const open = () => new BlobJournal(inner, new Blobs(store, charactersMin))
  return { clock, inner, store, open, journal: open() }
}

describe('a journal all of whose values are blobs', () => {
  for (const { name, run } of journalConformance) {
    test(name, async () => {
      const { journal, clock } = place({ charactersMin: 0 })
      const opened = { journal, advance: async (ms: number) => clock.advance(ms), close: async () => undefined }
      await expect(run(opened)).resolves.toBeUndefined()
    })
  }
})

const large = JSON.stringify('é'.repeat(40_000))
const input = JSON.stringify({ large })

/** A run whose step `a` has committed a large output, which `b` reads. */
async function withLargeOutput({ journal }: ReturnType<typeof place>): Promise<void> {
  await journal.start({ ...startOf({ steps: 2 }), input })
  const { claim } = await claimed(journal, 'a')
  await journal.append(claim, { text: large, usage: null })
  await settled(journal, claim, success(large), oneEdge('b'))
}

test('large values are references in the journal, and themselves for whoever reads it, in any process', async () => {
  const parts = place()
  await withLargeOutput(parts)
  await parts.journal.signal('run', 'ping', large)
  const stored = JSON.stringify(await parts.inner.load('run'))
  expect(stored.length).toBeLessThan(2_000)
  expect(stored.match(/@blob:sha256-[0-9a-f]{64}:40002/g)).toHaveLength(3)
  for (const journal of [parts.journal, parts.open()]) {
    const { header, records } = (await journal.load('run'))!
    expect(header.input).toBe(input)
    expect((await journal.header('run'))?.input).toBe(input)
    expect(records.find(({ kind }) => kind === 'committed')).toMatchObject({ output: large })
    expect(records.find(({ kind }) => kind === 'signalled')).toMatchObject({ payload: large })
    expect(await journal.notes('run', 'a')).toEqual([large])
  }
  expect((await claimed(parts.open(), 'b', { reads: ['a'] })).outputs).toEqual([{ status: 'success', text: large }])
})

test('the same signal again is the same, another one is another', async () => {
  const parts = place()
  await withLargeOutput(parts)
  expect(await parts.journal.signal('run', 'ping', large)).toMatchObject({ outcome: 'kept', isNew: true })
  expect(await parts.open().signal('run', 'ping', large)).toMatchObject({ outcome: 'kept', isNew: false })
  expect(await parts.journal.signal('run', 'ping', input)).toMatchObject({ reason: 'signalled-otherwise' })
})

test('a step whose value is missing is parked with that reason, and goes on when it is back', async () => {
  const parts = place()
  await withLargeOutput(parts)
  const hash = createHash('sha256').update(large).digest('hex')
  await parts.store.remove('run')
  await expect(parts.open().load('run')).rejects.toMatchObject({ code: 'journal/blob-missing' })

  const worker = parts.open()
  await parts.store.put('run', [{ hash: createHash('sha256').update(input).digest('hex'), text: input }])
  expect(await worker.claim(heldBy('b', { reads: ['a'] }))).toEqual({ outcome: 'refused', reason: 'not-ready' })
  expect(await worker.header('run')).toMatchObject({ status: 'parked' })
  const last = (await parts.inner.load('run'))?.records.at(-1)
  expect(last).toMatchObject({ kind: 'waiting', stepId: 'b', wait: { kind: 'parked', reason: 'blob-missing' } })

  await parts.store.put('run', [{ hash, text: large }])
  parts.clock.advance(60_000)
  const [due] = await worker.due(10)
  expect(due).toMatchObject({ kind: 'offer', stepId: 'b' })
  expect((await claimed(worker, 'b', { nonce: 'again', reads: ['a'] })).outputs[0]?.text).toBe(large)
})

test('a commit stands although the value of the next step cannot be had: that one is given back, or parked', async () => {
  const parts = place()
  const { journal } = parts
  await journal.start({
    ...startOf({ steps: 3 }),
    roots: [
      { stepId: 'a', rank: 0 },
      { stepId: 'x', rank: 1 },
    ],
  })
  await settled(journal, (await claimed(journal, 'x')).claim, success(large), [])
  const { claim } = await claimed(journal, 'a')
  const worker = new BlobJournal(parts.inner, new Blobs({ put: away, get: away, remove: away }))
  const next = { nonce: 'n-b', worker: 'w', leaseMs: 10_000, candidates: [{ stepId: 'b', reads: ['x'] }] }
  const command = { claim, rank: 0, settlement: success('1'), edges: oneEdge('b'), next }
  expect(await worker.settle(command)).toMatchObject({ outcome: 'settled', next: null, offers: [{ stepId: 'b' }] })
  expect((await parts.inner.load('run'))?.records.at(-1)).toMatchObject({ kind: 'released', stepId: 'b' })
  await expect(worker.claim({ ...heldBy('b', { reads: ['x'] }), nonce: 'n2' })).rejects.toMatchObject({
    code: 'store/blobs',
  })
  expect((await claimed(parts.open(), 'b', { nonce: 'n3', reads: ['x'] })).outputs[0]?.text).toBe(large)
})

test('content that is not what the reference names is told, not used', async () => {
  const parts = place()
  await withLargeOutput(parts)
  const hash = createHash('sha256').update(large).digest('hex')
  await parts.store.put('run', [{ hash, text: '"other"' }])
  await expect(parts.open().load('run')).rejects.toMatchObject({ code: 'store/blobs' })
})

function away(): Promise<never> {
  return Promise.reject(new BlobStoreError('s3', 'away'))
}
