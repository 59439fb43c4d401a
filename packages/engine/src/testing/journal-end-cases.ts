import assert from 'node:assert/strict'
import { NO_USAGE } from '../journal/record.ts'
import type { StartRun, Wait } from '../ports/journal.ts'
import {
  claimed,
  failure,
  heldBy,
  idsOf,
  kindsOf,
  oneEdge,
  reopening,
  reopenStep,
  retry,
  settled,
  startOf,
  statusOf,
  success,
  waiting,
} from './journal-commands.ts'
import type { JournalCase } from './journal-case.ts'

const LEASE_MS = 10_000
const CLEANUP = { stepId: 'finally', rank: 9 }
const GATE: Wait = { kind: 'gate', timeoutMs: null }

/** Of ends: what cleans up before them. */
export const endCases: readonly JournalCase[] = [
  {
    name: 'a run that succeeds cleans up before it ends',
    async run({ journal }) {
      await journal.start(cleaning({ steps: 2, roots: ['a'] }))
      const a = await claimed(journal, 'a')
      await settled(journal, a.claim, success('1'), oneEdge('b'))
      const b = await claimed(journal, 'b')
      const command = { claim: b.claim, rank: 1, settlement: success('2'), edges: [], next: null }
      const reply = await journal.settle(command)
      assert.ok(reply.outcome === 'settled')
      assert.deepEqual([idsOf(reply.offers), reply.runStatus], [['finally'], 'running'])
      assert.deepEqual(await journal.settle(command), reply)
      const cleanup = await claimed(journal, 'finally')
      assert.equal((await settled(journal, cleanup.claim, success('null'), [], 9)).runStatus, 'success')
      assert.deepEqual((await kindsOf(journal)).slice(-4), ['closing', 'claimed', 'committed', 'ended'])
    },
  },
  {
    name: 'a run without steps cleans up, too',
    async run({ journal }) {
      const { offers } = await journal.start(cleaning({ steps: 0, roots: [] }))
      assert.deepEqual(idsOf(offers), ['finally'])
      await settled(journal, (await claimed(journal, 'finally')).claim, success('null'), [], 9)
      assert.equal(await statusOf(journal), 'success')
    },
  },
  {
    name: 'a cleanup that fails makes a success a failure, and leaves every other end as it is',
    async run({ journal }) {
      await journal.start(cleaning({ steps: 1 }))
      await settled(journal, (await claimed(journal, 'a')).claim, success('1'), [])
      await settled(journal, (await claimed(journal, 'finally')).claim, failure('could not'), [], 9)
      const failed = await journal.header('run')
      assert.deepEqual([failed?.status, failed?.error?.message], ['failed', 'could not'])
      await journal.start({ ...cleaning({ steps: 1 }), runId: 'other' })
      await settled(journal, (await claimed(journal, 'a', { runId: 'other' })).claim, failure('first'), [])
      await settled(journal, (await claimed(journal, 'finally', { runId: 'other' })).claim, failure('second'), [], 9)
      const other = await journal.header('other')
      assert.deepEqual([other?.status, other?.error?.message], ['failed', 'first'])
    },
  },
  {
    name: 'a cancelled run cleans up: its other steps are as if it were over',
    async run({ journal }) {
      await journal.start(cleaning({ steps: 3, roots: ['a', 'b'] }))
      const { claim } = await claimed(journal, 'a')
      assert.deepEqual(await journal.cancel('run', 'not wanted'), { isDone: true, status: 'running' })
      assert.deepEqual(await journal.cancel('run', 'again'), { isDone: false, status: 'running' })
      assert.deepEqual(await journal.heartbeat([claim], LEASE_MS), ['cancel'])
      assert.deepEqual(await journal.claim(heldBy('b')), { outcome: 'refused', reason: 'run-over' })
      assert.deepEqual(await journal.append(claim, { text: '1', usage: null }), { outcome: 'stale' })
      assert.deepEqual(await journal.release(claim, 'drain'), [])
      assert.deepEqual(await journal.signal('run', 'go', '1'), { outcome: 'refused', reason: 'run-over' })
      const command = { claim, rank: 0, settlement: success('1'), edges: [], next: null }
      assert.equal((await journal.settle(command)).outcome, 'stale')
      assert.deepEqual(
        (await journal.due(10)).map((one) => ('stepId' in one ? [one.kind, one.stepId] : [])),
        [['offer', 'finally']],
      )
      const cleanup = await claimed(journal, 'finally')
      assert.deepEqual(await journal.heartbeat([cleanup.claim], LEASE_MS), ['continue'])
      assert.equal((await settled(journal, cleanup.claim, success('null'), [], 9)).runStatus, 'cancelled')
      assert.equal((await journal.header('run'))?.error?.message, 'not wanted')
    },
  },
  {
    name: 'neither budget nor slots nor the time-out keep a run from cleaning up',
    async run({ journal, advance }) {
      const start = { ...cleaning({ steps: 3, roots: ['a', 'b', 'c'], cap: 1 }), budgetNanoUsd: 20, timeoutMs: 2_000 }
      await journal.start(start)
      const spent = { ...success('1'), usage: { ...NO_USAGE, costNanoUsd: 20 } }
      await settled(journal, (await claimed(journal, 'a')).claim, spent, [])
      assert.deepEqual(await journal.claim(heldBy('b')), { outcome: 'refused', reason: 'run-over' })
      assert.deepEqual(idsOf(await journal.due(10)), ['finally'])
      const cleanup = await claimed(journal, 'finally')
      await advance(3_000)
      assert.equal((await journal.due(10)).filter(({ kind }) => kind === 'run-ended').length, 0)
      const reply = await settled(journal, cleanup.claim, { ...success('null'), usage: spent.usage }, [], 9)
      assert.equal(reply.runStatus, 'budget_exceeded')
    },
  },
  {
    name: 'a run that is out of time is offered its cleanup',
    async run({ journal, advance }) {
      await journal.start({ ...cleaning({ steps: 1 }), timeoutMs: 2_000 })
      await claimed(journal, 'a')
      await advance(2_001)
      assert.deepEqual(idsOf(await journal.due(10)), ['finally'])
      await settled(journal, (await claimed(journal, 'finally')).claim, success('null'), [], 9)
      const header = await journal.header('run')
      assert.deepEqual([header?.status, header?.error?.code], ['timeout', 'run/timed-out'])
    },
  },
  {
    name: 'a cleanup may wait, be tried again and be given back, as any step',
    async run({ journal, advance }) {
      await journal.start(cleaning({ steps: 1 }))
      await settled(journal, (await claimed(journal, 'a')).claim, success('1'), [])
      const first = await claimed(journal, 'finally')
      assert.deepEqual(idsOf(await journal.release(first.claim, 'drain')), ['finally'])
      const second = await claimed(journal, 'finally', { nonce: 'n2' })
      assert.equal((await settled(journal, second.claim, waiting(GATE), [], 9)).runStatus, 'paused')
      const approved = { kind: 'decided', decision: 'approved', by: null } as const
      const woken = await journal.wake({ runId: 'run', stepId: 'finally', wake: approved })
      assert.ok(woken.outcome === 'woken')
      assert.deepEqual([idsOf(woken.offers), await statusOf(journal)], [['finally'], 'running'])
      const third = await claimed(journal, 'finally', { nonce: 'n3' })
      await settled(journal, third.claim, retry(500), [], 9)
      await advance(501)
      assert.deepEqual(idsOf(await journal.due(10)), ['finally'])
      const fourth = await claimed(journal, 'finally', { nonce: 'n4' })
      assert.deepEqual([fourth.attempt, fourth.wake], [2, approved])
      assert.equal((await settled(journal, fourth.claim, success('null'), [], 9)).runStatus, 'success')
    },
  },
  {
    name: 'a cleanup needs no slot, however many steps its run had in flight',
    async run({ journal, advance }) {
      await journal.start(cleaning({ steps: 3, roots: ['a', 'b', 'c'], cap: 1 }))
      await claimed(journal, 'a')
      await journal.cancel('run', 'x')
      assert.deepEqual(idsOf(await journal.due(10)), ['finally'])
      const first = await claimed(journal, 'finally')
      assert.deepEqual(idsOf(await journal.release(first.claim, 'drain')), ['finally'])
      const second = await claimed(journal, 'finally', { nonce: 'n2' })
      await settled(journal, second.claim, waiting(GATE), [], 9)
      const approved = { kind: 'decided', decision: 'approved', by: null } as const
      const woken = await journal.wake({ runId: 'run', stepId: 'finally', wake: approved })
      assert.ok(woken.outcome === 'woken')
      assert.deepEqual(idsOf(woken.offers), ['finally'])
      const third = await claimed(journal, 'finally', { nonce: 'n3' })
      await settled(journal, third.claim, retry(500), [], 9)
      await advance(501)
      assert.deepEqual(idsOf(await journal.due(10)), ['finally'])
      const fourth = await claimed(journal, 'finally', { nonce: 'n4' })
      const atOnce = await settled(journal, fourth.claim, waiting({ kind: 'timer', delayMs: 0 }), [], 9)
      assert.deepEqual(idsOf(atOnce.offers), ['finally'])
    },
  },
  {
    name: 'who waits in a run that cleans up is not woken any more',
    async run({ journal, advance }) {
      await journal.start(cleaning({ steps: 2, roots: ['a', 'b'] }))
      await settled(journal, (await claimed(journal, 'a')).claim, waiting(GATE), [])
      await settled(journal, (await claimed(journal, 'b')).claim, waiting({ kind: 'timer', delayMs: 500 }), [], 1)
      await journal.cancel('run', 'x')
      const approved = { kind: 'decided', decision: 'approved', by: null } as const
      assert.deepEqual(await journal.wake({ runId: 'run', stepId: 'a', wake: approved }), {
        outcome: 'refused',
        reason: 'run-over',
      })
      assert.deepEqual(await journal.mirror('run', 'a', 'paused'), { isDone: false, status: 'running' })
      await advance(501)
      assert.deepEqual(idsOf(await journal.due(10)), ['finally'])
      assert.equal((await kindsOf(journal)).includes('woken'), false)
    },
  },
  {
    name: 'a run that is held while it cleans up goes on with that',
    async run({ journal }) {
      await journal.start(cleaning({ steps: 1 }))
      await settled(journal, (await claimed(journal, 'a')).claim, failure('no'), [])
      const first = await claimed(journal, 'finally')
      assert.deepEqual(await journal.pause('run', 'restart'), { isDone: true, status: 'paused' })
      assert.deepEqual(await journal.heartbeat([first.claim], LEASE_MS), ['pause'])
      assert.deepEqual(await journal.release(first.claim, 'restart'), [])
      const reply = await journal.reopen({ ...(await reopening(journal)), ready: [CLEANUP] })
      assert.ok(reply.outcome === 'reopened')
      assert.deepEqual([idsOf(reply.offers), await statusOf(journal)], [['finally'], 'running'])
      const second = await claimed(journal, 'finally', { nonce: 'n2' })
      assert.equal((await settled(journal, second.claim, success('null'), [], 9)).runStatus, 'failed')
      assert.equal((await journal.header('run'))?.error?.message, 'no')
    },
  },
  {
    name: 'a reopened run cleans up again at its next end',
    async run({ journal }) {
      await journal.start(cleaning({ steps: 1 }))
      await settled(journal, (await claimed(journal, 'a')).claim, failure('no'), [])
      await settled(journal, (await claimed(journal, 'finally')).claim, success('null'), [], 9)
      await reopenStep(journal, 'a', [CLEANUP])
      assert.deepEqual(await journal.claim(heldBy('finally')), { outcome: 'refused', reason: 'not-ready' })
      const again = await claimed(journal, 'a', { nonce: 'n2' })
      assert.deepEqual(idsOf((await settled(journal, again.claim, success('1'), [])).offers), ['finally'])
      const cleanup = await claimed(journal, 'finally', { nonce: 'n3' })
      assert.equal(cleanup.visit, 2)
      assert.equal((await settled(journal, cleanup.claim, success('null'), [], 9)).runStatus, 'success')
    },
  },
]

function cleaning(shape: Parameters<typeof startOf>[0]): StartRun {
  return { ...startOf(shape), cleanup: CLEANUP }
}
