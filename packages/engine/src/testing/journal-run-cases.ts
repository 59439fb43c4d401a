import assert from 'node:assert/strict'
import type { Journal } from '../ports/journal.ts'
import { claimed, edge, offered, oneEdge, settled, startOf, success, failure, heldBy } from './journal-commands.ts'
import { NO_VERDICTS } from '../schedule/verdicts.ts'
import type { JournalCase } from './journal-case.ts'

const LEASE_MS = 10_000
const NOTHING_OWED = { counted: [], spread: [] }

/** Of runs: cancel, pause, reopen, deadlines, budgets, fans, listings. */
export const runCases: readonly JournalCase[] = [
  {
    name: 'a cancelled run starts and commits nothing more, and its workers are told',
    async run({ journal }) {
      await journal.start(startOf({ steps: 2, roots: ['a', 'b'] }))
      const { claim } = await claimed(journal, 'a')
      assert.deepEqual(await journal.cancel('run', 'not wanted'), { isDone: true, status: 'cancelled' })
      assert.deepEqual(await journal.cancel('run', 'again'), { isDone: false, status: 'cancelled' })
      assert.deepEqual(await journal.heartbeat([claim], LEASE_MS), ['cancel'])
      assert.equal(
        (await journal.settle({ claim, rank: 0, settlement: success('1'), edges: [], next: null })).outcome,
        'stale',
      )
      assert.deepEqual(await journal.claim(heldBy('b')), { outcome: 'refused', reason: 'run-over' })
      assert.deepEqual(await journal.cancel('nobody', 'x'), { isDone: false, status: null })
    },
  },
  {
    name: 'a paused run commits what is in flight, claims nothing, and goes on where it stood',
    async run({ journal }) {
      await journal.start(startOf({ steps: 3, roots: ['a', 'b'] }))
      const { claim } = await claimed(journal, 'a')
      assert.equal((await journal.pause('run', 'Ctrl-C')).isDone, true)
      assert.deepEqual(await journal.heartbeat([claim], LEASE_MS), ['pause'])
      assert.deepEqual(await journal.claim(heldBy('b')), { outcome: 'refused', reason: 'run-paused' })
      await settled(journal, claim, success('1'), oneEdge('c'))
      const recordCount = (await journal.load('run'))?.records.length ?? 0
      const command = {
        runId: 'run',
        recordCount,
        reason: 'resume',
        ...NOTHING_OWED,
        reopened: [],
        ready: [
          { stepId: 'b', rank: 1 },
          { stepId: 'c', rank: 2 },
        ],
        unresolvedCount: 2,
        budgetNanoUsd: null,
        timeoutMs: null,
      }
      assert.equal((await journal.reopen({ ...command, recordCount: recordCount - 1 })).outcome, 'refused')
      const reply = await journal.reopen(command)
      assert.ok(reply.outcome === 'reopened')
      assert.deepEqual(reply.offers.map(({ stepId }) => stepId).toSorted(), ['b', 'c'])
      assert.equal((await journal.reopen({ ...command, recordCount: recordCount + 1 })).outcome, 'refused')
      await claimed(journal, 'b')
    },
  },
  {
    name: 'a failed run is reopened: failed and skipped steps are undecided again, successes stay',
    async run({ journal }) {
      await journal.start(startOf({ steps: 3, roots: ['a', 'b'] }))
      const a = await claimed(journal, 'a')
      const b = await claimed(journal, 'b')
      const against = { cause: 5, voted: null, chosen: false, admitted: false }
      await settled(journal, b.claim, success('1'), [edge('c', { inDegree: 2 })], 1)
      await settled(journal, a.claim, failure('no'), [edge('c', { inDegree: 2, verdicts: against })])
      await journal.skip({ offer: offered('c'), rank: 2, cause: 5, edges: [], next: null })
      assert.equal((await journal.header('run'))?.status, 'failed')
      const recordCount = (await journal.load('run'))?.records.length ?? 0
      const cleared = { cause: null, voted: null, chosen: false, admitted: true }
      const reply = await journal.reopen({
        runId: 'run',
        recordCount,
        reason: 'resume',
        ...NOTHING_OWED,
        reopened: [
          { step: { stepId: 'a', rank: 0 }, edgeCount: 0, verdicts: { ...cleared, admitted: false } },
          { step: { stepId: 'c', rank: 2 }, edgeCount: 1, verdicts: cleared },
        ],
        ready: [{ stepId: 'a', rank: 0 }],
        unresolvedCount: 2,
        budgetNanoUsd: null,
        timeoutMs: null,
      })
      assert.ok(reply.outcome === 'reopened')
      assert.deepEqual(
        reply.offers.map(({ stepId }) => stepId),
        ['a'],
      )
      const again = await claimed(journal, 'a', { nonce: 'again' })
      assert.equal(again.attempt, 1)
      const next = await settled(journal, again.claim, success('2'), [edge('c', { inDegree: 2 })])
      assert.deepEqual(
        next.offers.map(({ stepId }) => stepId),
        ['c'],
      )
      const c = await claimed(journal, 'c', { reads: ['a', 'b'] })
      assert.deepEqual(
        c.outputs.map((output) => output?.text),
        ['2', '1'],
      )
      assert.equal((await settled(journal, c.claim, success('3'), [], 2)).runStatus, 'success')
      assert.equal((await journal.header('run'))?.error, null)
    },
  },
  {
    name: 'a run that takes longer than its time-out ends as timeout',
    async run({ journal, advance }) {
      await journal.start({ ...startOf({ steps: 1 }), timeoutMs: 2_000 })
      const { claim } = await claimed(journal, 'a')
      await advance(2_001)
      assert.deepEqual(await journal.due(10), [{ kind: 'run-ended', runId: 'run', status: 'timeout' }])
      assert.equal(
        (await journal.settle({ claim, rank: 0, settlement: success('1'), edges: [], next: null })).outcome,
        'stale',
      )
      assert.equal((await journal.header('run'))?.error?.code, 'run/timed-out')
    },
  },
  {
    name: 'a budget refuses a step once it is spent, and ends the run after a success that exceeds it',
    async run({ journal }) {
      const cost = (costNanoUsd: number) => ({ ...success('1'), usage: { ...success('1').usage, costNanoUsd } })
      await journal.start({ ...startOf({ steps: 3, roots: ['a', 'b', 'c'] }), budgetNanoUsd: 20 })
      const a = await claimed(journal, 'a')
      assert.equal((await settled(journal, a.claim, cost(20), [])).runStatus, 'running')
      assert.deepEqual(await journal.claim(heldBy('b')), { outcome: 'refused', reason: 'budget' })
      assert.equal((await journal.header('run'))?.status, 'budget_exceeded')
      await journal.start({ ...startOf({ steps: 2, roots: ['a', 'b'] }), runId: 'other', budgetNanoUsd: 20 })
      const other = await claimed(journal, 'a', { runId: 'other' })
      assert.equal((await settled(journal, other.claim, cost(21), [])).runStatus, 'budget_exceeded')
      assert.equal((await journal.header('other'))?.error?.code, 'run/budget-exceeded')
    },
  },
  {
    name: 'a run whose last step exceeded the budget is a success once it is reopened',
    async run({ journal }) {
      await journal.start({ ...startOf({ steps: 1 }), budgetNanoUsd: 20 })
      const { claim } = await claimed(journal, 'a')
      const { usage } = success('1')
      await settled(journal, claim, { ...success('1'), usage: { ...usage, costNanoUsd: 21 } }, [])
      const recordCount = (await journal.load('run'))?.records.length ?? 0
      const more = { ...NOTHING_OWED, reopened: [], ready: [], unresolvedCount: 0, budgetNanoUsd: 50, timeoutMs: null }
      assert.equal((await journal.reopen({ runId: 'run', recordCount, reason: 'resume', ...more })).outcome, 'reopened')
      assert.equal((await journal.header('run'))?.status, 'success')
    },
  },
  {
    name: 'a fan-out of 250 makes every target ready, and a fan-in of them the last one',
    async run({ journal }) {
      const ids = Array.from({ length: 250 }, (_, index) => `s${String(index).padStart(3, '0')}`)
      await journal.start(startOf({ steps: 252, roots: ['a'] }))
      const a = await claimed(journal, 'a')
      const reply = await settled(
        journal,
        a.claim,
        success('1'),
        ids.map((id, index) => edge(id, { rank: index + 1 })),
      )
      assert.deepEqual(
        reply.offers.map(({ stepId }) => stepId),
        ids,
      )
      let last = 0
      for (const [index, id] of ids.entries()) {
        const { claim } = await claimed(journal, id, { nonce: `n${id}` })
        const end = await settled(
          journal,
          claim,
          success(String(index)),
          [edge('z', { inDegree: 250, rank: 251 })],
          index + 1,
        )
        last += end.offers.length
      }
      assert.equal(last, 1)
    },
  },
  {
    name: 'counters of undecided steps are set when a run is reopened, and a chunk of edges that comes later changes nothing',
    async run({ journal }) {
      await journal.start(startOf({ steps: 4, roots: ['a', 'b'] }))
      const a = await claimed(journal, 'a')
      await settled(journal, a.claim, success('1'), [edge('d', { inDegree: 2 })])
      await journal.pause('run', 'x')
      const recordCount = (await journal.load('run'))?.records.length ?? 0
      const against = { cause: 7, voted: null, chosen: false, admitted: false }
      const reply = await journal.reopen({
        runId: 'run',
        recordCount,
        reason: 'resume',
        reopened: [],
        ready: [{ stepId: 'c', rank: 2 }],
        counted: [
          { step: { stepId: 'c', rank: 2 }, edgeCount: 1, verdicts: against },
          { step: { stepId: 'd', rank: 3 }, edgeCount: 1, verdicts: { ...against, cause: null, admitted: true } },
        ],
        spread: ['a'],
        unresolvedCount: 3,
        budgetNanoUsd: null,
        timeoutMs: null,
      })
      assert.ok(reply.outcome === 'reopened')
      assert.deepEqual(reply.offers, [])
      assert.deepEqual(
        reply.undecided.map(({ stepId, verdicts }) => [stepId, verdicts]),
        [['c', against]],
      )
      const b = await claimed(journal, 'b')
      const next = await settled(journal, b.claim, success('2'), [edge('d', { inDegree: 2, rank: 3 })], 1)
      assert.deepEqual(
        next.offers.map(({ stepId }) => stepId),
        ['d'],
      )
    },
  },
  {
    name: 'a run of which only one failed step is reopened ends as the other one says',
    async run({ journal }) {
      await journal.start(startOf({ steps: 2, roots: ['a', 'b'] }))
      for (const stepId of ['a', 'b'])
        await settled(journal, (await claimed(journal, stepId)).claim, failure(stepId), [], stepId === 'a' ? 0 : 1)
      const loaded = await journal.load('run')
      const last = loaded?.records.findLast(({ kind }) => kind === 'failed')
      assert.ok(last?.kind === 'failed')
      await journal.reopen({
        runId: 'run',
        recordCount: loaded?.records.length ?? 0,
        reason: 'a alone',
        ...NOTHING_OWED,
        reopened: [{ step: { stepId: 'a', rank: 0 }, edgeCount: 0, verdicts: NO_VERDICTS }],
        ready: [{ stepId: 'a', rank: 0 }],
        unresolvedCount: 1,
        failure: { rank: 1, error: last.error },
        budgetNanoUsd: null,
        timeoutMs: null,
      })
      await settled(journal, (await claimed(journal, 'a', { nonce: 'again' })).claim, success('1'), [])
      const { status, error } = (await journal.header('run')) ?? {}
      assert.deepEqual([status, error?.message], ['failed', last.error.message])
    },
  },
  {
    name: 'runs are listed newest first, by statuses, workflow and start',
    async run({ journal, advance }) {
      for (const runId of ['r1', 'r2', 'r3']) {
        await journal.start({ ...startOf({ steps: 1 }), runId, workflow: runId === 'r2' ? 'other' : 'wf' })
        await advance(10)
      }
      await journal.cancel('r1', 'x')
      const ids = async (filter: Parameters<Journal['list']>[0]) =>
        (await journal.list(filter)).map(({ runId }) => runId)
      assert.deepEqual(await ids({ limit: 10 }), ['r3', 'r2', 'r1'])
      assert.deepEqual(await ids({ limit: 2 }), ['r3', 'r2'])
      assert.deepEqual(await ids({ limit: 10, statuses: ['cancelled'] }), ['r1'])
      assert.deepEqual(await ids({ limit: 10, statuses: ['queued', 'cancelled', 'queued'] }), ['r3', 'r2', 'r1'])
      assert.deepEqual(await ids({ limit: 10, statuses: [] }), [])
      const { createdAtMs: sinceMs = 0 } = (await journal.header('r2')) ?? {}
      assert.deepEqual(await ids({ limit: 10, sinceMs }), ['r3', 'r2'])
      assert.deepEqual(await ids({ limit: 10, sinceMs, statuses: ['cancelled'] }), [])
      assert.deepEqual(await ids({ limit: 10, workflow: 'wf' }), ['r3', 'r1'])
      assert.equal(await journal.definition('no such hash'), null)
      assert.equal(typeof (await journal.definition(startOf({ steps: 1 }).definition)), 'string')
    },
  },
]
