import assert from 'node:assert/strict'
import { NO_USAGE } from '../journal/record.ts'
import type { Wait } from '../ports/journal.ts'
import {
  claimed,
  edge,
  heldBy,
  idsOf,
  kindsOf,
  reopening,
  retry,
  settled,
  startOf,
  statusOf,
  success,
  waiting,
} from './journal-commands.ts'
import type { JournalCase } from './journal-case.ts'

const GATE: Wait = { kind: 'gate', timeoutMs: null }
const LEASE_MS = 10_000
const approved = { kind: 'decided', decision: 'approved', by: 'ann' } as const

/** Of steps that wait without a worker: gates, timers, signals, parked steps, child runs. */
export const waitCases: readonly JournalCase[] = [
  {
    name: 'a step that waits for a human frees its worker, and the run is paused when nothing else is at work',
    async run({ journal }) {
      await journal.start(startOf({ steps: 2, roots: ['a', 'b'] }))
      const a = await claimed(journal, 'a')
      assert.equal((await settled(journal, a.claim, waiting(GATE), [])).runStatus, 'running')
      assert.deepEqual(await journal.heartbeat([a.claim], LEASE_MS), ['lost'])
      assert.deepEqual(await journal.claim(heldBy('a', { nonce: 'other' })), {
        outcome: 'refused',
        reason: 'not-ready',
      })
      const b = await claimed(journal, 'b')
      assert.equal((await settled(journal, b.claim, success('1'), [], 1)).runStatus, 'paused')
      assert.equal(await statusOf(journal), 'paused')
    },
  },
  {
    name: 'a gate that ran out lets the run go on with the whole of its time-out, also where both were overdue at once',
    async run({ journal, advance }) {
      await journal.start({ ...startOf({ steps: 1 }), timeoutMs: 20_000 })
      const { claim } = await claimed(journal, 'a')
      await settled(journal, claim, waiting({ kind: 'gate', timeoutMs: 900 }), [])
      assert.equal(await statusOf(journal), 'paused')
      await advance(30_000)
      const overdue = await journal.due(10)
      assert.deepEqual(
        overdue.map(({ kind }) => kind),
        ['offer'],
      )
      assert.equal(await statusOf(journal), 'running')
      await advance(20_001)
      assert.ok((await journal.due(10)).some(({ kind }) => kind === 'run-ended'))
      assert.equal(await statusOf(journal), 'timeout')
    },
  },
  {
    name: 'a gate is decided once: the same answer again changes nothing, another one is refused',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      const first = await claimed(journal, 'a')
      assert.equal(first.wake, null)
      await settled(journal, first.claim, waiting(GATE), [])
      const woken = await journal.wake({ runId: 'run', stepId: 'a', wake: approved })
      assert.ok(woken.outcome === 'woken')
      assert.deepEqual(idsOf(woken.offers), ['a'])
      assert.ok((woken.offers[0]?.epoch ?? 0) > first.claim.epoch)
      assert.deepEqual(woken.label, { definition: 'd'.repeat(64), priority: 0 })
      assert.equal(await statusOf(journal), 'running')
      const again = await journal.wake({ runId: 'run', stepId: 'a', wake: { ...approved, by: 'bob' } })
      assert.deepEqual(again, woken)
      const other = { ...approved, decision: 'rejected' }
      assert.deepEqual(await journal.wake({ runId: 'run', stepId: 'a', wake: other }), {
        outcome: 'refused',
        reason: 'decided',
      })
      const second = await claimed(journal, 'a', { nonce: 'n2' })
      assert.deepEqual([second.attempt, second.visit, second.wake], [1, 1, approved])
      await settled(journal, second.claim, success('"approved"'), [])
      assert.deepEqual(await journal.wake({ runId: 'run', stepId: 'a', wake: approved }), {
        outcome: 'refused',
        reason: 'run-over',
      })
      assert.deepEqual(await kindsOf(journal), [
        'started',
        'claimed',
        'waiting',
        'woken',
        'claimed',
        'committed',
        'ended',
      ])
    },
  },
  {
    name: 'who waits for nothing, or for something else, is not woken',
    async run({ journal }) {
      const refused = (reason: string) => ({ outcome: 'refused', reason })
      assert.deepEqual(await journal.wake({ runId: 'run', stepId: 'a', wake: approved }), refused('unknown-run'))
      await journal.start(startOf({ steps: 2, roots: ['a'] }))
      assert.deepEqual(await journal.wake({ runId: 'run', stepId: 'a', wake: approved }), refused('not-waiting'))
      assert.deepEqual(await journal.wake({ runId: 'run', stepId: 'b', wake: approved }), refused('not-waiting'))
      const { claim } = await claimed(journal, 'a')
      assert.deepEqual(await journal.wake({ runId: 'run', stepId: 'a', wake: approved }), refused('not-waiting'))
      await settled(journal, claim, waiting({ kind: 'timer', delayMs: 1_000 }), [])
      assert.deepEqual(await journal.wake({ runId: 'run', stepId: 'a', wake: approved }), refused('not-waiting'))
      const ended = { kind: 'child-ended', runId: 'run.a', status: 'success' } as const
      assert.deepEqual(await journal.wake({ runId: 'run', stepId: 'a', wake: ended }), refused('not-waiting'))
      assert.equal((await kindsOf(journal)).includes('woken'), false)
    },
  },
  {
    name: 'a settlement with a wait is answered alike when it comes again, and stale once the step is claimed anew',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      const { claim } = await claimed(journal, 'a')
      const command = { claim, rank: 0, settlement: waiting(GATE), edges: [], next: null }
      const first = await journal.settle(command)
      assert.deepEqual(await journal.settle(command), first)
      await journal.wake({ runId: 'run', stepId: 'a', wake: approved })
      const late = await journal.settle(command)
      assert.ok(late.outcome === 'settled')
      assert.deepEqual(idsOf(late.offers), ['a'])
      await claimed(journal, 'a', { nonce: 'n2' })
      assert.equal((await journal.settle(command)).outcome, 'stale')
      assert.equal((await kindsOf(journal)).filter((kind) => kind === 'waiting').length, 1)
    },
  },
  {
    name: 'a timer parks the run, and when its time has come the step is offered with what ended its wait',
    async run({ journal, advance }) {
      await journal.start(startOf({ steps: 1 }))
      const { claim } = await claimed(journal, 'a')
      assert.equal((await settled(journal, claim, waiting({ kind: 'timer', delayMs: 60_000 }), [])).runStatus, 'parked')
      await advance(59_999)
      assert.deepEqual(await journal.due(10), [])
      await advance(2)
      const [offer] = await journal.due(10)
      assert.ok(offer?.kind === 'offer' && offer.cause === 'retry' && offer.stepId === 'a')
      assert.equal(await statusOf(journal), 'running')
      assert.deepEqual((await claimed(journal, 'a', { nonce: 'n2' })).wake, { kind: 'elapsed' })
    },
  },
  {
    name: 'a timer without a delay is over at once',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      const { claim } = await claimed(journal, 'a')
      const reply = await settled(journal, claim, waiting({ kind: 'timer', delayMs: 0 }), [])
      assert.deepEqual([idsOf(reply.offers), reply.runStatus], [['a'], 'running'])
      assert.deepEqual((await claimed(journal, 'a', { nonce: 'n2' })).wake, { kind: 'elapsed' })
    },
  },
  {
    name: 'a gate and a wait for a signal can run out of time',
    async run({ journal, advance }) {
      await journal.start(startOf({ steps: 2, roots: ['a', 'b'] }))
      const a = await claimed(journal, 'a')
      const b = await claimed(journal, 'b')
      await settled(journal, a.claim, waiting({ kind: 'gate', timeoutMs: 1_000 }), [])
      await settled(journal, b.claim, waiting({ kind: 'signal', name: 'go', timeoutMs: 2_000 }), [], 1)
      assert.equal(await statusOf(journal), 'parked')
      await advance(1_001)
      assert.deepEqual(idsOf(await journal.due(10)), ['a'])
      const late = await journal.wake({ runId: 'run', stepId: 'a', wake: approved })
      assert.deepEqual(late, { outcome: 'refused', reason: 'not-waiting' })
      await advance(1_000)
      assert.ok(idsOf(await journal.due(10)).includes('b'))
      assert.deepEqual((await claimed(journal, 'b', { nonce: 'n2' })).wake, { kind: 'elapsed' })
    },
  },
  {
    name: 'a signal wakes all that wait for it, in the order, and its first payload stays',
    async run({ journal }) {
      assert.deepEqual(await journal.signal('run', 'go', '1'), { outcome: 'refused', reason: 'unknown-run' })
      await journal.start(startOf({ steps: 4, roots: ['a', 'b', 'c'] }))
      for (const [rank, id] of ['c', 'b', 'a'].entries()) {
        const { claim } = await claimed(journal, id)
        const name = id === 'b' ? 'stop' : 'go'
        await settled(journal, claim, waiting({ kind: 'signal', name, timeoutMs: null }), [], 2 - rank)
      }
      assert.equal(await statusOf(journal), 'parked')
      const kept = await journal.signal('run', 'go', '{"n":1}')
      assert.ok(kept.outcome === 'kept' && kept.isNew)
      assert.deepEqual(idsOf(kept.offers), ['a', 'c'])
      const again = await journal.signal('run', 'go', '{"n":1}')
      assert.ok(again.outcome === 'kept' && !again.isNew)
      assert.deepEqual(await journal.signal('run', 'go', '2'), { outcome: 'refused', reason: 'signalled-otherwise' })
      assert.deepEqual((await claimed(journal, 'a', { nonce: 'n2' })).wake, { kind: 'signalled', payload: '{"n":1}' })
      assert.equal((await kindsOf(journal)).filter((kind) => kind === 'signalled').length, 1)
    },
  },
  {
    name: 'the order in which a signal wakes is that of the plan, not that in which the steps came up',
    async run({ journal }) {
      await journal.start(startOf({ steps: 3, roots: ['a'] }))
      const a = await claimed(journal, 'a')
      await settled(journal, a.claim, success('1'), [edge('c', { rank: 2 }), edge('b', { rank: 1 })])
      const wait: Wait = { kind: 'signal', name: 'go', timeoutMs: null }
      for (const [index, id] of ['c', 'b'].entries())
        await settled(journal, (await claimed(journal, id)).claim, waiting(wait), [], 2 - index)
      const kept = await journal.signal('run', 'go', '1')
      assert.ok(kept.outcome === 'kept')
      assert.deepEqual(idsOf(kept.offers), ['b', 'c'])
    },
  },
  {
    name: 'a time that passes in a run that its user paused is noticed, and the step offered when the run goes on',
    async run({ journal, advance }) {
      await journal.start(startOf({ steps: 1 }))
      await settled(journal, (await claimed(journal, 'a')).claim, waiting({ kind: 'timer', delayMs: 1_000 }), [])
      await journal.pause('run', 'later')
      await advance(1_001)
      assert.deepEqual(await journal.due(10), [])
      assert.equal(await statusOf(journal), 'paused')
      assert.equal((await kindsOf(journal)).at(-1), 'woken')
      const ready = [{ stepId: 'a', rank: 0 }]
      const reply = await journal.reopen({ ...(await reopening(journal)), ready, unresolvedCount: 1 })
      assert.ok(reply.outcome === 'reopened')
      assert.deepEqual(idsOf(reply.offers), ['a'])
    },
  },
  {
    name: 'a signal that comes before the wait is kept, and the step does not wait',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      const kept = await journal.signal('run', 'go', '"early"')
      assert.ok(kept.outcome === 'kept' && kept.isNew)
      assert.deepEqual([kept.offers, await statusOf(journal)], [[], 'queued'])
      const { claim } = await claimed(journal, 'a')
      const reply = await settled(journal, claim, waiting({ kind: 'signal', name: 'go', timeoutMs: null }), [])
      assert.deepEqual(idsOf(reply.offers), ['a'])
      assert.deepEqual((await claimed(journal, 'a', { nonce: 'n2' })).wake, { kind: 'signalled', payload: '"early"' })
    },
  },
  {
    name: 'a parked step looks again after its time, can be woken by a human, and costs no attempt',
    async run({ journal, advance }) {
      await journal.start(startOf({ steps: 1 }))
      const parked: Wait = { kind: 'parked', reason: 'no-secret', message: 'KEY is not set', checkMs: 30_000 }
      await settled(journal, (await claimed(journal, 'a')).claim, waiting(parked), [])
      assert.equal(await statusOf(journal), 'parked')
      await advance(30_001)
      assert.deepEqual(idsOf(await journal.due(10)), ['a'])
      const second = await claimed(journal, 'a', { nonce: 'n2' })
      assert.deepEqual([second.attempt, second.wake], [1, { kind: 'elapsed' }])
      await settled(journal, second.claim, waiting({ ...parked, reason: 'ask', checkMs: null }), [])
      await advance(1_000_000)
      assert.deepEqual(await journal.due(10), [])
      const retried = { kind: 'decided', decision: 'retry', by: null } as const
      assert.equal((await journal.wake({ runId: 'run', stepId: 'a', wake: retried })).outcome, 'woken')
      assert.deepEqual((await claimed(journal, 'a', { nonce: 'n3' })).wake, retried)
    },
  },
  {
    name: 'one step at work keeps a run running: in back-off, ready, leased, or with its lease run out',
    async run({ journal, advance }) {
      await journal.start(startOf({ steps: 2, roots: ['a', 'b'] }))
      await settled(journal, (await claimed(journal, 'a')).claim, waiting(GATE), [])
      const b = await claimed(journal, 'b')
      assert.equal(await statusOf(journal), 'running')
      assert.equal((await settled(journal, b.claim, retry(1_000), [], 1)).runStatus, 'running')
      await advance(1_001)
      await journal.due(10)
      assert.equal(await statusOf(journal), 'running')
      const again = await claimed(journal, 'b', { nonce: 'n2' })
      await advance(LEASE_MS + 1)
      await journal.due(10)
      assert.equal(await statusOf(journal), 'running')
      assert.equal((await settled(journal, again.claim, waiting(GATE), [], 1)).runStatus, 'paused')
    },
  },
  {
    name: 'a step below a waiting one is not at work',
    async run({ journal }) {
      await journal.start(startOf({ steps: 3, roots: ['a', 'b'] }))
      await settled(journal, (await claimed(journal, 'a')).claim, waiting(GATE), [])
      const b = await claimed(journal, 'b')
      assert.equal((await settled(journal, b.claim, success('1'), [edge('c', { inDegree: 2 })], 1)).runStatus, 'paused')
      await journal.wake({ runId: 'run', stepId: 'a', wake: approved })
      const a = await claimed(journal, 'a', { nonce: 'n2' })
      const last = await settled(journal, a.claim, success('2'), [edge('c', { inDegree: 2 })])
      assert.deepEqual([idsOf(last.offers), last.runStatus], [['c'], 'running'])
    },
  },
  {
    name: 'a step that waits holds no slot, and gets in line again when it is woken',
    async run({ journal }) {
      await journal.start(startOf({ steps: 2, roots: ['a', 'b'], cap: 1 }))
      const a = await claimed(journal, 'a')
      assert.deepEqual(idsOf((await settled(journal, a.claim, waiting(GATE), [])).offers), ['b'])
      const b = await claimed(journal, 'b')
      for (const woken of [
        await journal.wake({ runId: 'run', stepId: 'a', wake: approved }),
        await journal.wake({ runId: 'run', stepId: 'a', wake: approved }),
      ]) {
        assert.ok(woken.outcome === 'woken')
        assert.deepEqual(woken.offers, [])
      }
      assert.deepEqual(await journal.claim(heldBy('a', { nonce: 'n2' })), { outcome: 'refused', reason: 'full' })
      assert.deepEqual(idsOf((await settled(journal, b.claim, success('1'), [], 1)).offers), ['a'])
      await claimed(journal, 'a', { nonce: 'n2' })
    },
  },
  {
    name: 'a run that its user paused stays paused when a gate is decided, and offers the step when it goes on',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      await settled(journal, (await claimed(journal, 'a')).claim, waiting(GATE), [])
      assert.deepEqual(await journal.pause('run', 'later'), { isDone: true, status: 'paused' })
      assert.deepEqual(await journal.pause('run', 'later'), { isDone: false, status: 'paused' })
      for (const woken of [
        await journal.wake({ runId: 'run', stepId: 'a', wake: approved }),
        await journal.wake({ runId: 'run', stepId: 'a', wake: approved }),
      ]) {
        assert.ok(woken.outcome === 'woken')
        assert.deepEqual([woken.offers, await statusOf(journal)], [[], 'paused'])
      }
      const ready = [{ stepId: 'a', rank: 0 }]
      const reply = await journal.reopen({ ...(await reopening(journal)), ready, unresolvedCount: 1 })
      assert.ok(reply.outcome === 'reopened')
      assert.deepEqual([idsOf(reply.offers), await statusOf(journal)], [['a'], 'running'])
      assert.deepEqual((await claimed(journal, 'a', { nonce: 'n2' })).wake, approved)
    },
  },
  {
    name: 'a resumed run of which only gates are left is paused again at once',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      await settled(journal, (await claimed(journal, 'a')).claim, waiting(GATE), [])
      const ready = [{ stepId: 'a', rank: 0 }] // senseless: it waits
      const reply = await journal.reopen({ ...(await reopening(journal)), ready, unresolvedCount: 1 })
      assert.deepEqual(reply, { outcome: 'reopened', offers: [], undecided: [] })
      assert.equal(await statusOf(journal), 'paused')
      assert.equal((await journal.wake({ runId: 'run', stepId: 'a', wake: approved })).outcome, 'woken')
    },
  },
  {
    name: 'a time-out stands still while a run waits for humans, and begins anew when it goes on',
    async run({ journal, advance }) {
      await journal.start({ ...startOf({ steps: 1 }), timeoutMs: 2_000 })
      await settled(journal, (await claimed(journal, 'a')).claim, waiting(GATE), [])
      await advance(10_000)
      assert.deepEqual(await journal.due(10), [])
      await journal.wake({ runId: 'run', stepId: 'a', wake: approved })
      await settled(
        journal,
        (await claimed(journal, 'a', { nonce: 'n2' })).claim,
        waiting({ kind: 'timer', delayMs: 60_000 }),
        [],
      )
      await advance(1_999)
      assert.equal(await statusOf(journal), 'parked')
      await advance(2)
      assert.deepEqual(await journal.due(10), [{ kind: 'run-ended', runId: 'run', status: 'timeout' }])
    },
  },
  {
    name: 'a reopened step waits anew, in its next visit, and knows nothing of its last wake',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      const first = await claimed(journal, 'a')
      await settled(journal, first.claim, waiting(GATE), [])
      await journal.wake({ runId: 'run', stepId: 'a', wake: approved })
      const again = await claimed(journal, 'a', { nonce: 'n2' })
      const error = { code: 'x/y', message: 'no', place: null, help: null }
      await settled(journal, again.claim, { kind: 'failed', error, usage: NO_USAGE }, [])
      const step = { stepId: 'a', rank: 0 }
      const verdicts = { cause: null, voted: null, chosen: false, admitted: false }
      const reopened = [{ step, edgeCount: 0, verdicts }]
      await journal.reopen({ ...(await reopening(journal)), reopened, ready: [step], unresolvedCount: 1 })
      const visit = await claimed(journal, 'a', { nonce: 'n3' })
      assert.deepEqual([visit.attempt, visit.visit, visit.wake], [1, 2, null])
      await settled(journal, visit.claim, waiting(GATE), [])
      const rejected = { ...approved, decision: 'rejected' }
      assert.equal((await journal.wake({ runId: 'run', stepId: 'a', wake: rejected })).outcome, 'woken')
    },
  },
]
