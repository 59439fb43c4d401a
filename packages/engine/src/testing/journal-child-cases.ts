import assert from 'node:assert/strict'
import { NO_USAGE } from '../journal/record.ts'
import type { Journal, Wait } from '../ports/journal.ts'
import {
  childOf,
  claimed,
  failure,
  idsOf,
  kindsOf,
  reopening,
  settled,
  startOf,
  statusOf,
  success,
  waiting,
} from './journal-commands.ts'
import type { JournalCase } from './journal-case.ts'

const LEASE_MS = 10_000
const GATE: Wait = { kind: 'gate', timeoutMs: null }
const CLEANUP = { stepId: 'finally', rank: 9 }

/** Of child runs: how they are waited for, shown, and ended with their parent. */
export const childCases: readonly JournalCase[] = [
  {
    name: 'a step waits for the end of its child run, and is looked after meanwhile',
    async run({ journal, advance }) {
      await waitForChild(journal, await begun(journal))
      assert.equal(await statusOf(journal), 'running')
      await advance(5_001)
      const child = { kind: 'child', runId: 'run', stepId: 'a', childRunId: 'run.a' }
      const label = { definition: 'd'.repeat(64), priority: 0 }
      assert.deepEqual(
        (await journal.due(10)).filter(({ kind }) => kind === 'child'),
        [{ ...child, ...label }],
      )
      await advance(5_001)
      assert.deepEqual(
        (await journal.due(10)).filter(({ kind }) => kind === 'child'),
        [{ ...child, ...label }],
      )
      const ended = { kind: 'child-ended', runId: 'run.a', status: 'success' } as const
      const other = await journal.wake({ runId: 'run', stepId: 'a', wake: { ...ended, runId: 'run.a~2' } })
      assert.deepEqual(other, { outcome: 'refused', reason: 'not-waiting' })
      const woken = await journal.wake({ runId: 'run', stepId: 'a', wake: ended })
      assert.ok(woken.outcome === 'woken')
      assert.deepEqual(await journal.wake({ runId: 'run', stepId: 'a', wake: ended }), woken)
      assert.deepEqual(await journal.wake({ runId: 'run', stepId: 'a', wake: { ...ended, status: 'failed' } }), other)
      assert.deepEqual((await claimed(journal, 'a', { nonce: 'n2' })).wake, ended)
    },
  },
  {
    name: 'a step does not wait for a child run that is over, and is shown as one that is paused',
    async run({ journal }) {
      await journal.start(startOf({ steps: 2, roots: ['a', 'b'] }))
      await journal.start(childOf('a'))
      const inner = await claimed(journal, 'a', { runId: 'run.a' })
      await settled(journal, inner.claim, success('1'), [])
      const a = await claimed(journal, 'a')
      const reply = await settled(journal, a.claim, waiting({ kind: 'child', runId: 'run.a' }), [])
      assert.deepEqual(idsOf(reply.offers), ['a'])
      assert.deepEqual((await claimed(journal, 'a', { nonce: 'n2' })).wake, {
        kind: 'child-ended',
        runId: 'run.a',
        status: 'success',
      })
      await journal.start(childOf('b'))
      await settled(journal, (await claimed(journal, 'a', { runId: 'run.b' })).claim, waiting(GATE), [])
      await settled(journal, (await claimed(journal, 'b')).claim, waiting({ kind: 'child', runId: 'run.b' }), [], 1)
      assert.deepEqual((await kindsOf(journal)).slice(-2), ['waiting', 'mirrored'])
    },
  },
  {
    name: 'a run is paused or parked as the child runs are that it waits for',
    async run({ journal }) {
      assert.deepEqual(await journal.mirror('run', 'a', 'paused'), { isDone: false, status: null })
      await waitForChild(journal, await begun(journal))
      assert.deepEqual(await journal.mirror('run', 'a', 'queued'), { isDone: false, status: 'running' })
      assert.deepEqual(await journal.mirror('run', 'a', 'paused'), { isDone: true, status: 'paused' })
      assert.deepEqual(await journal.mirror('run', 'a', 'paused'), { isDone: false, status: 'paused' })
      assert.deepEqual(await journal.mirror('run', 'a', 'parked'), { isDone: true, status: 'parked' })
      assert.deepEqual(await journal.mirror('run', 'a', 'running'), { isDone: true, status: 'running' })
      assert.deepEqual(await journal.mirror('run', 'a', 'success'), { isDone: false, status: 'running' })
      assert.deepEqual(await journal.mirror('run', 'nobody', 'paused'), { isDone: false, status: 'running' })
      await journal.mirror('run', 'a', 'paused')
      const ended = { kind: 'child-ended', runId: 'run.a', status: 'failed' } as const
      await journal.wake({ runId: 'run', stepId: 'a', wake: ended })
      assert.equal(await statusOf(journal), 'running')
      assert.deepEqual(await journal.mirror('run', 'a', 'paused'), { isDone: false, status: 'running' })
    },
  },
  {
    name: 'child runs carry their parent and are not listed, unless somebody asks for them',
    async run({ journal }) {
      await waitForChild(journal, await begun(journal))
      assert.deepEqual((await journal.header('run.a'))?.parent, { runId: 'run', stepId: 'a', rootRunId: 'run' })
      assert.equal((await journal.header('run'))?.parent, null)
      const ids = async (withChildren: boolean) =>
        (await journal.list({ limit: 10, withChildren })).map(({ runId }) => runId).toSorted()
      assert.deepEqual(await ids(false), ['run'])
      assert.deepEqual(await ids(true), ['run', 'run.a'])
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
      await journal.start({ ...startOf({ steps: 1 }), cleanup: CLEANUP })
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
  {
    name: 'child runs that nobody waits for yet end with their parent, too',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      await claimed(journal, 'a')
      await journal.start(childOf('a'))
      await claimed(journal, 'a', { runId: 'run.a' })
      await journal.start(childOf('a', 'run.a'))
      await journal.cancel('run', 'enough')
      const statuses = [await statusOf(journal, 'run.a'), await statusOf(journal, 'run.a.a')]
      assert.deepEqual(statuses, ['cancelled', 'cancelled'])
    },
  },
  {
    name: 'a child run that begins after its parent has ended ends at once',
    async run({ journal }) {
      await journal.start(startOf({ steps: 1 }))
      await claimed(journal, 'a')
      await journal.cancel('run', 'enough')
      assert.deepEqual(await journal.start(childOf('a')), { outcome: 'started', offers: [] })
      const { status, error } = (await journal.header('run.a')) ?? {}
      assert.deepEqual([status, error?.code], ['cancelled', 'run/parent-ended'])
    },
  },
  {
    name: 'a child run that comes too late is told how its parent ended, not how it would have without its cleanup',
    async run({ journal }) {
      await journal.start({ ...startOf({ steps: 1 }), cleanup: CLEANUP })
      const { claim } = await claimed(journal, 'a')
      await settled(journal, claim, success('1'), [])
      const cleanup = await claimed(journal, CLEANUP.stepId)
      await settled(journal, cleanup.claim, failure('no'), [], CLEANUP.rank)
      await journal.start(childOf('a'))
      const { status, error } = (await journal.header('run.a')) ?? {}
      assert.deepEqual([status, error?.message], ['cancelled', 'its parent run ended: failed'])
    },
  },
  {
    name: 'the child run of a cleanup step begins though its parent closes',
    async run({ journal }) {
      await journal.start({ ...startOf({ steps: 1 }), cleanup: CLEANUP })
      await journal.cancel('run', 'enough')
      assert.deepEqual(idsOf((await journal.start(childOf('finally'))).offers), ['a'])
      assert.deepEqual((await journal.start(childOf('a'))).offers, [])
    },
  },
]

async function begun(journal: Journal): Promise<string> {
  await journal.start(startOf({ steps: 1 }))
  return 'run'
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
