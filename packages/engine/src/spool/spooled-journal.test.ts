import { compileYaml } from '@agentloom/workflow'
import { describe, expect, test } from 'vitest'
import { MemoryJournal } from '../journal/memory-journal.ts'
import { NO_USAGE } from '../journal/record.ts'
import { edgesOf, nodeOf } from '../schedule/verdicts.ts'
import { startCommand } from '../start.ts'
import { journalConformance } from '../testing/journal-conformance.ts'
import { MemorySpool } from '../testing/memory-spool.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import type { Claim, SettleReply } from '../ports/journal.ts'
import { SpoolError } from './errors.ts'
import { mergeRun } from './merge-run.ts'
import { SpooledJournal, type SpooledJournalOptions } from './spooled-journal.ts'

const { plan } = compileYaml(`
name: chain
steps:
  - {id: a, type: function, handler: f}
  - {id: b, type: function, handler: f, depends_on: [a]}
`)

const full = new SpoolError('spool/full', '/spool', 'no space left', 'make room')

function opened(order: SpooledJournalOptions['order'] = 'parallel') {
  const clock = new VirtualClock()
  const memory = new MemoryJournal({ now: () => clock.now(), offerMs: 5_000, hasLeases: true })
  const spool = new MemorySpool()
  const failures: unknown[] = []
  const journal = new SpooledJournal(memory, {
    spool,
    order,
    now: () => clock.now(),
    onFailure: (error) => void failures.push(error),
  })
  return { clock, memory, spool, journal, failures }
}

type Opened = ReturnType<typeof opened>

async function claimedA({ journal }: Opened): Promise<Claim> {
  await journal.start(startCommand(plan, { runId: 'run' }))
  return claimed(journal, 'a')
}

async function claimed(journal: SpooledJournal, stepId: string, nonce = `n-${stepId}`): Promise<Claim> {
  const offer = { runId: 'run', stepId, epoch: 0 }
  const reply = await journal.claim({ offer, nonce, worker: 'w', leaseMs: 4_000, reads: [], isDecided: false })
  if (reply.outcome !== 'claimed') throw new Error(reply.outcome)
  return reply.claim
}

function committed(journal: SpooledJournal, claim: Claim, output = '"done"'): Promise<SettleReply> {
  const node = nodeOf(plan, claim.stepId)
  const candidates = [{ stepId: 'b', reads: [] }]
  return journal.settle({
    claim,
    rank: node.index,
    settlement: { kind: 'success', output, usage: NO_USAGE },
    edges: edgesOf(plan, node, { kind: 'success', target: null }),
    next: { nonce: 'next', worker: 'w', leaseMs: 4_000, candidates },
  })
}

async function kept(spool: MemorySpool) {
  const spooled = await spool.read('run')
  if (spooled === null) throw new Error('nothing is spooled')
  return spooled
}

describe.each(['parallel', 'before'] as const)('a journal with a spool, written %s', (order) => {
  for (const { name, run } of journalConformance)
    test(name, async () => {
      const { journal, clock } = opened(order)
      const advance = async (ms: number): Promise<void> => clock.advance(ms)
      await expect(run({ journal, advance, close: async () => undefined })).resolves.toBeUndefined()
    })
})

test('a result is answered for once it is spooled', async () => {
  const at = opened()
  await committed(at.journal, await claimedA(at))
  const merged = mergeRun(plan, null, await kept(at.spool))
  expect(merged.records.map(({ kind }) => kind)).toEqual(['started', 'claimed', 'committed'])
})

test('what the journal refuses is not taken for a result', async () => {
  const at = opened()
  const late = await claimedA(at)
  at.clock.advance(4_001)
  await at.journal.due(9)
  await claimed(at.journal, 'a', 'other')
  expect(await committed(at.journal, late)).toEqual({ outcome: 'stale' })
  const merged = mergeRun(plan, null, await kept(at.spool), { isLast: true })
  expect(merged.records.map(({ kind }) => kind)).not.toContain('committed')
})

test('a disk that is full costs no result: it is committed, nothing more is taken, and put when there is room', async () => {
  const at = opened()
  const claim = await claimedA(at)
  at.spool.failure = full
  expect(await committed(at.journal, claim)).toMatchObject({ outcome: 'settled' })
  expect(at.failures).toEqual([full])
  await expect(claimed(at.journal, 'b')).rejects.toBe(full)
  expect(await at.journal.tryAgain()).toBe(false)
  at.spool.failure = null
  expect(await at.journal.tryAgain()).toBe(true)
  expect(at.failures).toEqual([full, null])
  expect((await kept(at.spool)).facts).toMatchObject([{ kind: 'settled', claim: { stepId: 'a' } }])
})

test('what was meant to be claimed next is not while the disk refuses', async () => {
  const at = opened()
  const claim = await claimedA(at)
  at.spool.failure = full
  await at.journal.append(claim, { text: '{}', usage: null })
  expect(await committed(at.journal, claim)).toMatchObject({ next: null, offers: [{ stepId: 'b' }] })
})

test('a run that was dropped and goes on is put again, with its definition', async () => {
  const at = opened()
  const claim = await claimedA(at)
  at.journal.forget('run')
  await at.spool.drop(await at.spool.runs())
  await at.journal.release(claim, 'paused')
  await committed(at.journal, await claimed(at.journal, 'a', 'again'))
  const spooled = await kept(at.spool)
  expect(spooled.definitionText).not.toBeNull()
  expect(mergeRun(plan, null, spooled).records.map(({ kind }) => kind)).toEqual(['started', 'claimed', 'committed'])
})
