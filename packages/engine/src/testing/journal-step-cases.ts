import assert from 'node:assert/strict'
import {
  claimed,
  edge,
  offered,
  oneEdge,
  settled,
  startOf,
  success,
  failure,
  retry,
  heldBy,
  VOTED_AGAINST,
} from './journal-commands.ts'
import type { JournalCase } from './journal-case.ts'

const LEASE_MS = 10_000

/** Of steps: claims, leases, settlements, verdicts, slots. */
export const stepCases: readonly JournalCase[] = [
  {
    name: 'a started run offers its first steps',
    async run({ journal }) {
      const reply = await journal.start(startOf({ steps: 3, roots: ['a', 'b'] }))
      assert.equal(reply.outcome, 'started')
      assert.deepEqual(
        reply.offers.map(({ stepId }) => stepId),
        ['a', 'b'],
      )
      const header = await journal.header('run')
      assert.equal(header?.status, 'queued')
      assert.equal(header?.format, 1)
    },
  },
  {
    name: 'the same START again gives the same run; other content under the id is refused',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      assert.equal((await journal.start(startOf({ steps: 1 }))).outcome, 'exists')
      await assert.rejects(journal.start({ ...startOf({ steps: 1 }), input: '{"n":2}' }), { code: 'run/id-conflict' })
      assert.equal((await journal.load('run'))?.records.length, 1)
    },
  },
  {
    name: 'a workflow without steps is a success at once',
    async run({ journal }) {
      await journal.start(startOf({ steps: 0, roots: [] }))
      assert.equal((await journal.header('run'))?.status, 'success')
    },
  },
  {
    name: 'a claimed step is claimed by nobody else, and a repeat with the nonce is answered as the first',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      const first = await claimed(journal, 'a', { nonce: 'n1' })
      const other = await journal.claim(heldBy('a', { nonce: 'n2' }))
      assert.deepEqual(other, { outcome: 'refused', reason: 'claimed' })
      const repeat = await claimed(journal, 'a', { nonce: 'n1' })
      assert.deepEqual(repeat.claim, first.claim)
      assert.equal((await journal.load('run'))?.records.filter(({ kind }) => kind === 'claimed').length, 1)
    },
  },
  {
    name: 'late bells are refused with the reason',
    async run({ journal }) {
      assert.deepEqual(await journal.claim(heldBy('a')), { outcome: 'refused', reason: 'unknown-run' })
      await journal.start(startOf({ steps: 2, roots: ['a'] }))
      assert.deepEqual(await journal.claim(heldBy('b')), { outcome: 'refused', reason: 'not-ready' })
      const step = await claimed(journal, 'a')
      await settled(journal, step.claim, success('1'), [edge('b', { inDegree: 2 })])
      assert.deepEqual(await journal.claim(heldBy('a')), { outcome: 'refused', reason: 'resolved' })
      assert.deepEqual(await journal.claim(heldBy('b')), { outcome: 'refused', reason: 'not-ready' })
    },
  },
  {
    name: 'a commit makes the next step ready, and a claim brings the outputs that it reads',
    async run({ journal }) {
      await journal.start(startOf({ steps: 2, roots: ['a'] }))
      const first = await claimed(journal, 'a')
      const reply = await settled(journal, first.claim, success('{"x":1.0}'), oneEdge('b'))
      assert.deepEqual(
        reply.offers.map(({ stepId }) => stepId),
        ['b'],
      )
      const second = await claimed(journal, 'b', { reads: ['a', 'nobody'] })
      assert.deepEqual(second.outputs, [{ status: 'success', text: '{"x":1.0}' }, null])
      const end = await settled(journal, second.claim, success('2'), [])
      assert.equal(end.runStatus, 'success')
      const kinds = (await journal.load('run'))?.records.map(({ kind }) => kind)
      assert.deepEqual(kinds, ['started', 'claimed', 'committed', 'claimed', 'committed', 'ended'])
    },
  },
  {
    name: 'a commit claims the next step in the same breath, and says so again when it is repeated',
    async run({ journal }) {
      await journal.start(startOf({ steps: 2, roots: ['a'] }))
      const { claim } = await claimed(journal, 'a')
      const command = {
        claim,
        rank: 0,
        settlement: success('"ä\\u0000"'),
        edges: oneEdge('b'),
        next: { nonce: 'next', worker: 'w', leaseMs: LEASE_MS, candidates: [{ stepId: 'b', reads: ['a'] }] },
      }
      const first = await journal.settle(command)
      assert.ok(first.outcome === 'settled' && first.next !== null)
      assert.equal(first.next.claim.stepId, 'b')
      assert.deepEqual(first.next.outputs, [{ status: 'success', text: '"ä\\u0000"' }])
      assert.deepEqual(first.offers, [])
      assert.deepEqual(await journal.settle(command), first)
      assert.equal((await journal.load('run'))?.records.filter(({ kind }) => kind === 'committed').length, 1)
    },
  },
  {
    name: 'a worker that lost its step cannot commit it',
    async run({ journal, advance }) {
      await journal.start(startOf({ steps: 1 }))
      const first = await claimed(journal, 'a', { nonce: 'n1' })
      await advance(LEASE_MS + 1)
      const [due] = await journal.due(10)
      assert.equal(due?.kind, 'offer')
      const second = await claimed(journal, 'a', { nonce: 'n2' })
      assert.ok(second.claim.epoch > first.claim.epoch)
      assert.equal(
        (await journal.settle({ claim: first.claim, rank: 0, settlement: success('"late"'), edges: [], next: null }))
          .outcome,
        'stale',
      )
      await settled(journal, second.claim, success('"in time"'), [])
      const record = (await journal.load('run'))?.records.find(({ kind }) => kind === 'committed')
      assert.ok(record?.kind === 'committed')
      assert.equal(record.output, '"in time"')
      assert.equal(record.epoch, second.claim.epoch)
    },
  },
  {
    name: 'a late answer counts as long as nobody else has claimed the step',
    async run({ journal, advance }) {
      await journal.start(startOf({ steps: 1 }))
      const { claim } = await claimed(journal, 'a')
      await advance(LEASE_MS + 1)
      await journal.due(10)
      assert.equal((await settled(journal, claim, success('1'), [])).runStatus, 'success')
    },
  },
  {
    name: 'a heartbeat keeps the lease, also one that has run out and was not taken',
    async run({ journal, advance }) {
      await journal.start(startOf({ steps: 1 }))
      const { claim } = await claimed(journal, 'a')
      await advance(LEASE_MS - 1_000)
      assert.deepEqual(await journal.heartbeat([claim, { ...claim, nonce: 'other' }], LEASE_MS), ['continue', 'lost'])
      await advance(LEASE_MS - 1_000)
      assert.deepEqual(await journal.due(10), [])
      await advance(2_000)
      assert.equal((await journal.due(10)).length, 1)
      assert.deepEqual(await journal.heartbeat([claim], LEASE_MS), ['continue'])
      assert.deepEqual(await journal.claim(heldBy('a', { nonce: 'n2' })), { outcome: 'refused', reason: 'claimed' })
    },
  },
  {
    name: 'a step in back-off is claimed before its time by whoever is in a hurry, and then holds its lease',
    async run({ journal, advance }) {
      await journal.start(startOf({ steps: 1 }))
      await settled(journal, (await claimed(journal, 'a')).claim, retry(60_000), [])
      assert.deepEqual(await journal.claim(heldBy('a', { nonce: 'n2' })), { outcome: 'refused', reason: 'not-ready' })
      const reply = await journal.claim({ ...heldBy('a', { nonce: 'n3' }), isRushed: true })
      assert.ok(reply.outcome === 'claimed' && reply.attempt === 2)
      await advance(9_000)
      assert.deepEqual(await journal.due(10), [])
      assert.deepEqual(await journal.claim({ ...heldBy('a', { nonce: 'n4' }), isRushed: true }), {
        outcome: 'refused',
        reason: 'claimed',
      })
      assert.equal((await settled(journal, reply.claim, success('1'), [])).runStatus, 'success')
    },
  },
  {
    name: 'a bell that nobody answers is offered again under a new epoch',
    async run({ journal, advance }) {
      const { offers } = await journal.start(startOf({ steps: 1 }))
      await advance(60_000)
      const [due] = await journal.due(10)
      assert.ok(due?.kind === 'offer' && due.cause === 'bell')
      assert.ok(due.epoch > (offers[0]?.epoch ?? 0))
    },
  },
  {
    name: 'a failure that is tried again waits its time, and the next attempt knows its number',
    async run({ journal, advance }) {
      await journal.start(startOf({ steps: 1 }))
      const first = await claimed(journal, 'a')
      assert.equal(first.attempt, 1)
      await settled(journal, first.claim, retry(3_000), [])
      assert.deepEqual(await journal.claim(heldBy('a')), { outcome: 'refused', reason: 'not-ready' })
      await advance(2_000)
      assert.deepEqual(await journal.due(10), [])
      await advance(1_001)
      const [due] = await journal.due(10)
      assert.ok(due?.kind === 'offer' && due.cause === 'retry')
      const second = await claimed(journal, 'a', { nonce: 'n2' })
      assert.equal(second.attempt, 2)
      assert.equal((await settled(journal, second.claim, failure('boom'), [])).runStatus, 'failed')
      assert.equal((await journal.header('run'))?.error?.message, 'boom')
    },
  },
  {
    name: 'the failed step that comes first in the order names the run’s error',
    async run({ journal }) {
      await journal.start(startOf({ steps: 2, roots: ['a', 'b'] }))
      const a = await claimed(journal, 'a')
      const b = await claimed(journal, 'b')
      await settled(journal, b.claim, failure('second'), [], 1)
      await settled(journal, a.claim, failure('first'), [], 0)
      assert.equal((await journal.header('run'))?.error?.message, 'first')
    },
  },
  {
    name: 'a join is undecided when an edge speaks against it; who decides it skips it for all',
    async run({ journal }) {
      await journal.start(startOf({ steps: 4, roots: ['a', 'b'] }))
      const a = await claimed(journal, 'a')
      const b = await claimed(journal, 'b')
      await settled(journal, a.claim, failure('no'), [
        edge('c', { inDegree: 2, verdicts: { cause: 7, voted: null, chosen: false, admitted: false } }),
      ])
      const reply = await settled(journal, b.claim, success('1'), [edge('c', { inDegree: 2 })], 1)
      const [undecided] = reply.undecided
      assert.deepEqual(undecided?.verdicts, { cause: 7, voted: null, chosen: false, admitted: true })
      assert.equal((await journal.claim(heldBy('c'))).outcome, 'undecided')
      const skip = {
        offer: offered('c'),
        rank: 2,
        cause: 7,
        edges: [edge('d', { verdicts: { cause: 7, voted: null, chosen: false, admitted: false } })],
        next: null,
      }
      const skipped = await journal.skip(skip)
      assert.ok(skipped.outcome === 'settled')
      assert.deepEqual(
        skipped.undecided.map(({ stepId }) => stepId),
        ['d'],
      )
      await journal.skip(skip)
      await journal.skip({ offer: offered('d'), rank: 3, cause: 7, edges: [], next: null })
      assert.equal((await journal.header('run'))?.status, 'failed')
      assert.equal((await journal.load('run'))?.records.filter(({ kind }) => kind === 'skipped').length, 2)
    },
  },
  {
    name: 'routers: the lowest vote and any choice count, in whatever order they come',
    async run({ journal }) {
      await journal.start(startOf({ steps: 3, roots: ['a', 'b'] }))
      const a = await claimed(journal, 'a')
      const b = await claimed(journal, 'b')
      await settled(journal, a.claim, success('"x"'), [
        edge('c', { inDegree: 2, verdicts: { ...VOTED_AGAINST, voted: 3 } }),
      ])
      const reply = await settled(
        journal,
        b.claim,
        success('"c"'),
        [edge('c', { inDegree: 2, verdicts: { cause: null, voted: 1, chosen: true, admitted: true } })],
        1,
      )
      assert.deepEqual(
        reply.offers.map(({ stepId }) => stepId),
        ['c'],
      )
      assert.deepEqual(reply.undecided, [])
    },
  },
  {
    name: 'a step that was decided to run in spite of a cause can be claimed',
    async run({ journal }) {
      await journal.start(startOf({ steps: 2, roots: ['a'] }))
      const a = await claimed(journal, 'a')
      await settled(journal, a.claim, success('"x"'), [edge('b', { verdicts: VOTED_AGAINST })])
      const reply = await journal.claim({ ...heldBy('b'), isDecided: true })
      assert.equal(reply.outcome, 'claimed')
    },
  },
  {
    name: 'a capped run hands out as many steps as it has slots, in the order',
    async run({ journal }) {
      const { offers } = await journal.start(startOf({ steps: 4, roots: ['a', 'b', 'c', 'd'], cap: 2 }))
      assert.deepEqual(
        offers.map(({ stepId }) => stepId),
        ['a', 'b'],
      )
      const a = await claimed(journal, 'a')
      await claimed(journal, 'b', { nonce: 'nb' })
      assert.deepEqual(await journal.claim(heldBy('c')), { outcome: 'refused', reason: 'full' })
      const reply = await settled(journal, a.claim, success('1'), [])
      assert.deepEqual(
        reply.offers.map(({ stepId }) => stepId),
        ['c'],
      )
      await claimed(journal, 'c')
    },
  },
  {
    name: 'a step in back-off holds no slot',
    async run({ journal, advance }) {
      await journal.start(startOf({ steps: 2, roots: ['a', 'b'], cap: 1 }))
      const a = await claimed(journal, 'a')
      const reply = await settled(journal, a.claim, retry(1_000), [])
      assert.deepEqual(
        reply.offers.map(({ stepId }) => stepId),
        ['b'],
      )
      const b = await claimed(journal, 'b')
      await advance(1_001)
      await journal.due(10)
      assert.deepEqual(await journal.claim(heldBy('a', { nonce: 'n2' })), { outcome: 'refused', reason: 'full' })
      assert.deepEqual(
        (await settled(journal, b.claim, success('1'), [], 1)).offers.map(({ stepId }) => stepId),
        ['a'],
      )
    },
  },
  {
    name: 'a released step is offered again, and the attempt is not counted',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      const first = await claimed(journal, 'a')
      assert.deepEqual(
        (await journal.release(first.claim, 'drain')).map(({ stepId }) => stepId),
        ['a'],
      )
      assert.deepEqual(await journal.release(first.claim, 'drain'), [])
      assert.equal(
        (await journal.settle({ claim: first.claim, rank: 0, settlement: success('1'), edges: [], next: null }))
          .outcome,
        'stale',
      )
      assert.equal((await claimed(journal, 'a', { nonce: 'n2' })).attempt, 1)
    },
  },
  {
    name: 'a claim that comes again after it ended takes nothing',
    async run({ journal, advance }) {
      await journal.start(startOf({ steps: 1 }))
      const again = async (): Promise<unknown> => {
        const command = {
          offer: offered('a'),
          nonce: 'n1',
          worker: 'w',
          leaseMs: LEASE_MS,
          reads: [],
          isDecided: false,
        }
        const reply = await journal.claim(command)
        return reply.outcome === 'refused' ? reply : reply.outcome
      }
      await claimed(journal, 'a', { nonce: 'n1' })
      assert.equal(await again(), 'claimed')
      await advance(LEASE_MS + 1)
      await journal.due(10)
      assert.deepEqual(await again(), { outcome: 'refused', reason: 'claimed' })
      const { claim } = await claimed(journal, 'a', { nonce: 'n2' })
      assert.equal(claim.epoch > 1, true)
      await settled(journal, claim, retry(5), [])
      await advance(6)
      await journal.due(10)
      const last = await journal.claim({
        offer: offered('a'),
        nonce: 'n2',
        worker: 'w',
        leaseMs: LEASE_MS,
        reads: [],
        isDecided: false,
      })
      assert.deepEqual(last, { outcome: 'refused', reason: 'claimed' })
      await claimed(journal, 'a', { nonce: 'n3' })
    },
  },
]
