import assert from 'node:assert/strict'
import { NO_USAGE } from '../journal/record.ts'
import type { Journal, StartRun, Wait } from '../ports/journal.ts'
import {
  childOf,
  claimed,
  failure,
  heldBy,
  idsOf,
  kindsOf,
  oneEdge,
  reopening,
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

/** Of notes inside steps, and of ends: what cleans up, and what is ended along. */
export const endCases: readonly JournalCase[] = [
  {
    name: 'notes of a step are kept in the order, and those of earlier visits are not answered',
    async run({ journal }) {
      assert.deepEqual(await journal.notes('run', 'a'), [])
      await journal.start(startOf({ steps: 2, roots: ['a', 'b'] }))
      const first = await claimed(journal, 'a')
      const b = await claimed(journal, 'b')
      for (const text of ['{"turn":1}', '{"turn":2}'])
        assert.deepEqual(await journal.append(first.claim, { text, usage: null }), { outcome: 'appended' })
      await journal.append(b.claim, { text: '{"b":"ä"}', usage: null })
      assert.deepEqual(await journal.notes('run', 'a'), ['{"turn":1}', '{"turn":2}'])
      await settled(journal, first.claim, failure('no'), [])
      await settled(journal, b.claim, success('1'), [], 1)
      await reopenStep(journal, 'a')
      assert.deepEqual(await journal.notes('run', 'a'), [])
      assert.deepEqual(await journal.notes('run', 'b'), ['{"b":"ä"}'])
      const again = await claimed(journal, 'a', { nonce: 'n2' })
      await journal.append(again.claim, { text: '{"turn":1}', usage: null })
      assert.deepEqual(await journal.notes('run', 'a'), ['{"turn":1}'])
    },
  },
  {
    name: 'the next claim of a visit sees the notes of the one before',
    async run({ journal, advance }) {
      await journal.start(startOf({ steps: 1 }))
      const first = await claimed(journal, 'a')
      await journal.append(first.claim, { text: '1', usage: null })
      await settled(journal, first.claim, retry(10), [])
      await advance(11)
      await journal.due(10)
      const second = await claimed(journal, 'a', { nonce: 'n2' })
      await journal.append(second.claim, { text: '2', usage: null })
      assert.deepEqual(await journal.notes('run', 'a'), ['1', '2'])
    },
  },
  {
    name: 'a note that is sent again by its claim is written once; one of another claim is another',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      const first = await claimed(journal, 'a')
      const note = { text: '{"turn":1}', usage: { ...NO_USAGE, costNanoUsd: 5 } }
      await journal.append(first.claim, note)
      await journal.append(first.claim, { text: '{"turn":2}', usage: null })
      assert.deepEqual(await journal.append(first.claim, note), { outcome: 'appended' })
      assert.equal((await journal.notes('run', 'a')).length, 2)
      await journal.release(first.claim, 'drain')
      assert.deepEqual(await journal.append(first.claim, note), { outcome: 'stale' })
      const second = await claimed(journal, 'a', { nonce: 'n2' })
      await journal.append(second.claim, note)
      assert.equal((await journal.notes('run', 'a')).length, 3)
    },
  },
  {
    name: 'who does not hold the step notes nothing, nor does anybody in a run that is over',
    async run({ journal, advance }) {
      const note = { text: '1', usage: null }
      await journal.start(startOf({ steps: 1 }))
      const { claim } = await claimed(journal, 'a')
      assert.deepEqual(await journal.append({ ...claim, nonce: 'other' }, note), { outcome: 'stale' })
      assert.deepEqual(await journal.append({ ...claim, runId: 'nobody' }, note), { outcome: 'stale' })
      await advance(LEASE_MS + 1)
      await journal.due(10)
      assert.deepEqual(await journal.append(claim, note), { outcome: 'appended' }) // late, but nobody else has it
      await journal.cancel('run', 'x')
      assert.deepEqual(await journal.append(claim, { text: '2', usage: null }), { outcome: 'stale' })
    },
  },
  {
    name: 'what a note cost counts at once, and ends the run where a settlement would',
    async run({ journal }) {
      await journal.start({ ...startOf({ steps: 2, roots: ['a', 'b'] }), budgetNanoUsd: 20 })
      const { claim } = await claimed(journal, 'a')
      await journal.append(claim, { text: '1', usage: { ...NO_USAGE, costNanoUsd: 21 } })
      assert.equal(await statusOf(journal), 'running')
      assert.equal((await settled(journal, claim, success('1'), [])).runStatus, 'budget_exceeded')
    },
  },
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
      await reopenStep(journal, 'a', ['finally'])
      assert.deepEqual(await journal.claim(heldBy('finally')), { outcome: 'refused', reason: 'not-ready' })
      const again = await claimed(journal, 'a', { nonce: 'n2' })
      assert.deepEqual(idsOf((await settled(journal, again.claim, success('1'), [])).offers), ['finally'])
      const cleanup = await claimed(journal, 'finally', { nonce: 'n3' })
      assert.equal(cleanup.visit, 2)
      assert.equal((await settled(journal, cleanup.claim, success('null'), [], 9)).runStatus, 'success')
    },
  },
  {
    name: 'cancelling a run ends the child runs that it waits for, and theirs',
    async run({ journal }) {
      await threeGenerations(journal)
      await journal.cancel('run', 'not wanted')
      for (const [runId, parent] of [
        ['run.a', 'cancelled'],
        ['run.a.a', 'cancelled'],
      ] as const) {
        const header = await journal.header(runId)
        assert.deepEqual([header?.status, header?.error?.code], ['cancelled', 'run/parent-ended'])
        assert.equal(header?.error?.message, `its parent run ended: ${parent}`)
      }
      assert.equal(await statusOf(journal, 'bystander'), 'queued')
      await journal.start({ ...startOf({ steps: 1 }), runId: 'other' })
      const wait: Wait = { kind: 'child', runId: 'bystander' } // senseless: it is no child of it
      await settled(journal, (await claimed(journal, 'a', { runId: 'other' })).claim, waiting(wait), [])
      await journal.cancel('other', 'x')
      assert.equal(await statusOf(journal, 'bystander'), 'queued')
    },
  },
  {
    name: 'a run out of time or money ends its child runs as well, one that succeeds has none',
    async run({ journal, advance }) {
      await journal.start({ ...startOf({ steps: 1 }), timeoutMs: 2_000 })
      await waitForChild(journal, 'run')
      await advance(2_001)
      await journal.due(10)
      assert.equal(await statusOf(journal, 'run.a'), 'cancelled')
      await journal.start({ ...startOf({ steps: 2, roots: ['a', 'b'] }), runId: 'poor', budgetNanoUsd: 5 })
      await waitForChild(journal, 'poor')
      const b = await claimed(journal, 'b', { runId: 'poor' })
      await settled(journal, b.claim, { ...success('1'), usage: { ...NO_USAGE, costNanoUsd: 6 } }, [], 1)
      assert.equal(await statusOf(journal, 'poor'), 'budget_exceeded')
      assert.equal((await journal.header('poor.a'))?.error?.message, 'its parent run ended: budget_exceeded')
    },
  },
  {
    name: 'child runs are ended when their parent begins to clean up, and clean up themselves',
    async run({ journal }) {
      await journal.start(cleaning({ steps: 1 }))
      const { claim } = await claimed(journal, 'a')
      await journal.start({ ...childOf('a'), cleanup: CLEANUP })
      await settled(journal, claim, waiting({ kind: 'child', runId: 'run.a' }), [])
      await journal.cancel('run', 'x')
      assert.deepEqual([await statusOf(journal), await statusOf(journal, 'run.a')], ['running', 'running'])
      const inner = await claimed(journal, 'finally', { runId: 'run.a' })
      assert.equal((await settled(journal, inner.claim, success('null'), [], 9)).runStatus, 'cancelled')
      const outer = await claimed(journal, 'finally')
      assert.equal((await settled(journal, outer.claim, success('null'), [], 9)).runStatus, 'cancelled')
    },
  },
  {
    name: 'what a step waits for is looked at again when its run goes on after its end',
    async run({ journal, advance }) {
      await journal.start({ ...startOf({ steps: 2, roots: ['a', 'b'] }), timeoutMs: 20_000 })
      await waitForChild(journal, 'run')
      await settled(journal, (await claimed(journal, 'b')).claim, waiting({ kind: 'timer', delayMs: 30_000 }), [], 1)
      await advance(20_001)
      await journal.due(10)
      await advance(20_000)
      await journal.due(10)
      await journal.reopen({ ...(await reopening(journal)), unresolvedCount: 2 })
      const found = (await journal.due(10)).map((one) => ('stepId' in one ? `${one.kind} ${one.stepId}` : one.kind))
      assert.deepEqual(found.toSorted(), ['child a', 'offer b'])
      const ended = { kind: 'child-ended', runId: 'run.a', status: 'cancelled' } as const
      assert.equal((await journal.wake({ runId: 'run', stepId: 'a', wake: ended })).outcome, 'woken')
    },
  },
  {
    name: 'a step that was in flight when its run ended is offered again when the run goes on, however late',
    async run({ journal, advance }) {
      await journal.start({ ...startOf({ steps: 1 }), timeoutMs: 2_000 })
      await claimed(journal, 'a')
      await advance(2_001)
      await journal.due(10)
      await advance(LEASE_MS)
      await journal.due(10)
      const ready = [{ stepId: 'a', rank: 0 }]
      const reply = await journal.reopen({ ...(await reopening(journal)), ready, unresolvedCount: 1 })
      assert.ok(reply.outcome === 'reopened')
      assert.deepEqual(idsOf(reply.offers), ['a'])
      await claimed(journal, 'a', { nonce: 'n2' })
    },
  },
]

function cleaning(shape: Parameters<typeof startOf>[0]): StartRun {
  return { ...startOf(shape), cleanup: CLEANUP }
}

async function reopenStep(journal: Journal, stepId: string, also: readonly string[] = []): Promise<void> {
  const verdicts = { cause: null, voted: null, chosen: false, admitted: false }
  const reopened = [stepId, ...also].map((id) => ({
    step: id === CLEANUP.stepId ? CLEANUP : { stepId: id, rank: 0 },
    edgeCount: 0,
    verdicts,
  }))
  const ready = [{ stepId, rank: 0 }]
  const reply = await journal.reopen({ ...(await reopening(journal)), reopened, ready, unresolvedCount: 1 })
  assert.equal(reply.outcome, 'reopened')
}

async function waitForChild(journal: Journal, runId: string): Promise<void> {
  const { claim } = await claimed(journal, 'a', { runId })
  await journal.start(childOf('a', runId))
  await settled(journal, claim, waiting({ kind: 'child', runId: `${runId}.a` }), [])
}

async function threeGenerations(journal: Journal): Promise<void> {
  await journal.start(startOf({ steps: 1 }))
  await journal.start({ ...startOf({ steps: 1 }), runId: 'bystander' })
  await waitForChild(journal, 'run')
  await waitForChild(journal, 'run.a')
}
