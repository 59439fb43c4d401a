import assert from 'node:assert/strict'
import type { Journal } from '../ports/journal.ts'
import type { JournalCase, OpenedJournal } from './journal-case.ts'
import { claimed, heldBy, idsOf, kindsOf, reopenStep, settled, startOf, statusOf, success } from './journal-commands.ts'

const LEASE_MS = 10_000

/** A worker claims the step and is never heard of again. */
async function die({ journal, advance }: OpenedJournal, stepId: string, nonce: string): Promise<void> {
  await claimed(journal, stepId, { nonce })
  await advance(LEASE_MS + 1)
}

async function deathsOf(journal: Journal): Promise<number> {
  return (await kindsOf(journal)).filter((kind) => kind === 'died').length
}

/** Of workers that are gone: their leases, and the steps that took them along. */
export const takeoverCases: readonly JournalCase[] = [
  {
    name: 'what a worker held that is gone is offered before its leases run out, and nobody else’s',
    async run({ journal }) {
      await journal.start(startOf({ steps: 3, roots: ['a', 'b', 'c'] }))
      const gone = await claimed(journal, 'a', { nonce: 'gone-1' })
      await claimed(journal, 'b', { nonce: 'here-1' })
      await claimed(journal, 'c', { nonce: 'gone-2' })
      const overdue = await journal.takeOver('gone-')
      assert.deepEqual(idsOf(overdue).toSorted(), ['a', 'c'])
      assert.ok(overdue.every((one) => one.kind === 'offer' && one.cause === 'lease'))
      assert.deepEqual(await journal.takeOver('gone-'), [])
      assert.deepEqual(await journal.claim(heldBy('b', { nonce: 'other' })), { outcome: 'refused', reason: 'claimed' })
      assert.equal((await claimed(journal, 'a', { nonce: 'here-2' })).attempt, 1)
      const late = { claim: gone.claim, rank: 0, settlement: success('1'), edges: [], next: null }
      assert.equal((await journal.settle(late)).outcome, 'stale')
    },
  },
  {
    name: 'a worker that was taken for dead may still commit what nobody else has begun',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      const { claim } = await claimed(journal, 'a', { nonce: 'slow-1' })
      await journal.takeOver('slow-')
      assert.equal((await settled(journal, claim, success('1'), [])).runStatus, 'success')
    },
  },
  {
    name: 'who has not been seeing the store leaves leases alone for a moment',
    async run({ journal, advance }) {
      await journal.start(startOf({ steps: 1 }))
      const { claim } = await claimed(journal, 'a')
      await advance(LEASE_MS + 1)
      assert.deepEqual(await journal.due(10, { endsLeases: false }), [])
      assert.deepEqual(await journal.due(10), [])
      assert.deepEqual(await journal.heartbeat([claim], LEASE_MS), ['continue'])
      await advance(LEASE_MS + 1)
      assert.deepEqual(idsOf(await journal.due(10)), ['a'])
    },
  },
  {
    name: 'a step with which three workers died waits for somebody to let it try again',
    async run(opened) {
      const { journal } = opened
      await journal.start(startOf({ steps: 1 }))
      await die(opened, 'a', 'w1-1')
      assert.deepEqual(idsOf(await journal.due(10)), ['a'])
      await claimed(journal, 'a', { nonce: 'w2-1' })
      assert.deepEqual(idsOf(await journal.takeOver('w2-')), ['a'])
      await die(opened, 'a', 'w3-1')
      const [last] = await journal.due(10)
      assert.equal(last?.kind, 'quarantined')
      assert.equal(await deathsOf(journal), 3)
      assert.equal(await statusOf(journal), 'parked')
      const waiting = (await journal.load('run'))?.records.at(-1)
      assert.ok(waiting?.kind === 'waiting' && waiting.wait.kind === 'parked')
      assert.equal(waiting.wait.reason, 'quarantined')
      assert.deepEqual(await journal.claim(heldBy('a')), { outcome: 'refused', reason: 'not-ready' })
      const late = { claim: { runId: 'run', stepId: 'a', epoch: 5, nonce: 'w3-1' }, rank: 0 }
      const reply = await journal.settle({ ...late, settlement: success('1'), edges: [], next: null })
      assert.equal(reply.outcome, 'stale')

      const woken = await journal.wake({ runId: 'run', stepId: 'a', wake: { kind: 'unparked', by: 'me' } })
      assert.ok(woken.outcome === 'woken')
      assert.deepEqual(idsOf(woken.offers), ['a'])
      assert.equal(await statusOf(journal), 'running')
      await die(opened, 'a', 'w4-1') // the count begins anew
      assert.deepEqual(idsOf(await journal.due(10)), ['a'])
      assert.equal((await claimed(journal, 'a', { nonce: 'w5-1' })).attempt, 1)
    },
  },
  {
    name: 'a step that the next death would quarantine is taken only by who takes it alone',
    async run(opened) {
      const { journal } = opened
      await journal.start(startOf({ steps: 1 }))
      for (const nonce of ['w1', 'w2']) {
        assert.equal((await claimed(journal, 'a', { nonce, acceptsSuspect: false })).attempt, 1)
        await opened.advance(LEASE_MS + 1)
        await journal.due(10)
      }
      const refused = await journal.claim(heldBy('a', { nonce: 'w3', acceptsSuspect: false }))
      assert.deepEqual(refused, { outcome: 'refused', reason: 'suspect' })
      await claimed(journal, 'a', { nonce: 'w4' })
    },
  },
  {
    name: 'a step that was reopened has all its chances',
    async run(opened) {
      const { journal } = opened
      await journal.start(startOf({ steps: 1 }))
      await die(opened, 'a', 'w1')
      await journal.due(10)
      await die(opened, 'a', 'w2')
      await journal.due(10)
      await journal.pause('run', 'a while')
      await reopenStep(journal, 'a')
      await die(opened, 'a', 'w3')
      assert.deepEqual(
        (await journal.due(10)).map(({ kind }) => kind),
        ['offer'],
      )
    },
  },
  {
    name: 'handing a step back is no death',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      for (const nonce of ['n1', 'n2', 'n3', 'n4'])
        await journal.release((await claimed(journal, 'a', { nonce })).claim, 'drain')
      assert.equal(await deathsOf(journal), 0)
      assert.equal((await claimed(journal, 'a', { nonce: 'n5' })).attempt, 1)
    },
  },
  {
    name: 'in a capped run a quarantined step gives its slot to the next',
    async run(opened) {
      const { journal } = opened
      await journal.start(startOf({ steps: 2, roots: ['a', 'b'], cap: 1 }))
      for (const nonce of ['w1', 'w2']) {
        await die(opened, 'a', nonce)
        await journal.due(10)
      }
      await die(opened, 'a', 'w3')
      const found = (await journal.due(10)).find(({ kind }) => kind === 'quarantined')
      assert.ok(found?.kind === 'quarantined')
      assert.deepEqual(idsOf(found.offers), ['b'])
      const b = await claimed(journal, 'b')
      await settled(journal, b.claim, success('1'), [], 1)
      assert.equal(await statusOf(journal), 'parked')
    },
  },
  {
    name: 'only parked steps are let try again',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      const wake = { runId: 'run', stepId: 'a', wake: { kind: 'unparked', by: null } } as const
      assert.deepEqual(await journal.wake(wake), { outcome: 'refused', reason: 'not-waiting' })
      const { claim } = await claimed(journal, 'a')
      const gate = { kind: 'gate', timeoutMs: null } as const
      const usage = { durationMs: 0, tokens: 0, costNanoUsd: 0, model: null, provider: null }
      await settled(journal, claim, { kind: 'wait', wait: gate, usage }, [])
      assert.deepEqual(await journal.wake(wake), { outcome: 'refused', reason: 'not-waiting' })
    },
  },
]
