import assert from 'node:assert/strict'
import type { ClaimReply, Journal, Offer, RunConcurrency, StartRun } from '../ports/journal.ts'
import { NO_USAGE } from '../journal/record.ts'
import type { JournalCase } from './journal-case.ts'
import {
  childOf,
  claimed,
  edge,
  heldBy,
  idsOf,
  offered,
  reopenStep,
  retry,
  settled,
  startOf,
  success,
  waiting,
} from './journal-commands.ts'

/** I10 for concurrency keys: limits, turns, and slots that end with what held them. */
export const keyCases: readonly JournalCase[] = [
  {
    name: 'a key’s limit holds over all its runs, and a commit rings for the next',
    async run({ journal }) {
      for (const runId of ['r1', 'r2', 'r3']) await start(journal, runId, { limit: 2 })
      const first = await claimed(journal, 'a', { runId: 'r1' })
      await claimed(journal, 'a', { runId: 'r2' })
      assert.deepEqual(await refusal(journal, 'r3'), { reason: 'full' })
      const { offers } = await settled(journal, first.claim, success('1'), [])
      assert.deepEqual(runsOf(offers), ['r3'])
      await claimed(journal, 'a', { runId: 'r3' })
    },
  },
  {
    name: 'a newcomer’s step comes next, whatever the bell says',
    async run({ journal }) {
      for (const runId of ['r1', 'r2', 'r3']) await start(journal, runId)
      await claimed(journal, 'a', { runId: 'r1' })
      await start(journal, 'new', { key: 'other' })
      assert.deepEqual(await refusal(journal, 'r2'), { reason: 'turn', instead: 'new' })
      await claimed(journal, 'a', { runId: 'new' })
      await claimed(journal, 'a', { runId: 'r2' })
    },
  },
  {
    name: 'turns follow the weights',
    async run({ journal }) {
      for (let n = 0; n < 8; n += 1) {
        await start(journal, `a${n}`, { key: 'a', weight: 3 })
        await start(journal, `b${n}`, { key: 'b' })
      }
      const begun: string[] = []
      for (let n = 0; n < 8; n += 1) begun.push(await beginWith(journal, `b${n}`))
      assert.equal(begun.filter((runId) => runId.startsWith('a')).length, 6)
    },
  },
  {
    name: 'however many steps wait, few bells are under way, and each that is answered makes room for one',
    async run({ journal }) {
      const rung: string[] = []
      for (let n = 0; n < 100; n += 1) rung.push(...runsOf(await start(journal, `r${n}`)))
      assert.equal(rung.length, 32)
      const reply = await journal.claim(heldBy('a', { runId: 'r0' }))
      assert.ok(reply.outcome === 'claimed')
      assert.deepEqual(runsOf(reply.offers), ['r32'])
    },
  },
  {
    name: 'bells that got lost are rung again',
    async run({ journal, advance }) {
      await start(journal, 'run')
      assert.deepEqual(await journal.due(10), [])
      await advance(5_001)
      assert.deepEqual(runsOf(await journal.due(10)), ['run'])
      assert.deepEqual(await journal.due(10), [])
    },
  },
  {
    name: 'a turn that nobody claims is given again',
    async run({ journal, advance }) {
      await start(journal, 'r1', { limit: 1, key: 'one' })
      await start(journal, 'r2')
      await claimed(journal, 'a', { runId: 'r2' })
      await start(journal, 'r3')
      assert.deepEqual(await refusal(journal, 'r3'), { reason: 'turn', instead: 'r1' })
      await advance(5_001)
      assert.ok(runsOf(await journal.due(10)).includes('r1'))
      await claimed(journal, 'a', { runId: 'r1' })
    },
  },
  {
    name: 'within a key the first of the highest priority comes first',
    async run({ journal }) {
      await start(journal, 'r1', { limit: 1 })
      await start(journal, 'r2', { limit: 1 }, { priority: 5 })
      await start(journal, 'r3', { limit: 1 })
      const first = await claimed(journal, 'a', { runId: 'r1' })
      const { offers } = await settled(journal, first.claim, success('1'), [])
      assert.deepEqual(runsOf(offers), ['r3'])
    },
  },
  {
    name: 'a walk goes on while its key has the turn, and then leaves its place',
    async run({ journal }) {
      await start(journal, 'r1', {}, { stepCount: 3 })
      const { claim } = await claimed(journal, 'a', { runId: 'r1' })
      const next = (stepId: string) => ({
        nonce: `next-${stepId}`,
        worker: 'w',
        leaseMs: 10_000,
        candidates: [{ stepId, reads: [] }],
      })
      const edges = (stepId: string) => [edge(stepId)]
      const onward = await journal.settle({
        claim,
        rank: 0,
        settlement: success('1'),
        edges: edges('b'),
        next: next('b'),
      })
      assert.ok(onward.outcome === 'settled' && onward.next !== null)
      await start(journal, 'new', { key: 'other' })
      const left = await journal.settle({
        claim: onward.next.claim,
        rank: 1,
        settlement: success('2'),
        edges: edges('c'),
        next: next('c'),
      })
      assert.ok(left.outcome === 'settled')
      assert.equal(left.next, null)
      assert.deepEqual(await refusal(journal, 'r1', 'c'), { reason: 'turn', instead: 'new' })
    },
  },
  {
    name: 'a walk that goes on where nothing else of its key waits keeps the key’s limit',
    async run({ journal }) {
      const steps = { steps: 2, roots: ['a'] }
      await journal.start({ ...startOf(steps), runId: 'r1', concurrency: { key: 'k', limit: 1, weight: 1 } })
      const first = await claimed(journal, 'a', { runId: 'r1' })
      const next = { nonce: 'next', worker: 'w', leaseMs: 10_000, candidates: [{ stepId: 'b', reads: [] }] }
      const reply = await journal.settle({
        claim: first.claim,
        rank: 0,
        settlement: success('1'),
        edges: [edge('b')],
        next,
      })
      assert.equal(reply.outcome === 'settled' && reply.next?.claim.stepId, 'b')
      const second = { ...startOf({ steps: 1 }), runId: 'r2', concurrency: null }
      await journal.start({ ...second, parent: { runId: 'r1', stepId: 'b', rootRunId: 'r1' } }) // its key is r1's
      assert.deepEqual(await refusal(journal, 'r2'), { reason: 'full' })
    },
  },
  {
    name: 'a lease that ran out keeps its slot until somebody takes the step over',
    async run({ journal, advance }) {
      await start(journal, 'r1', { limit: 1 })
      await start(journal, 'r2', { limit: 1 })
      await claimed(journal, 'a', { runId: 'r1' })
      await advance(10_001)
      assert.deepEqual(runsOf(await journal.due(10)), ['r1'])
      assert.deepEqual(await refusal(journal, 'r2'), { reason: 'full' })
      const again = await claimed(journal, 'a', { runId: 'r1', nonce: 'other' })
      await settled(journal, again.claim, success('1'), [])
      await claimed(journal, 'a', { runId: 'r2' })
    },
  },
  {
    name: 'a step that waits, is tried again or is given back holds no slot',
    async run({ journal, advance }) {
      for (const runId of ['r1', 'r2', 'r3', 'r4']) await start(journal, runId, { limit: 1 })
      const gate = await claimed(journal, 'a', { runId: 'r1' })
      await settled(journal, gate.claim, waiting({ kind: 'gate', timeoutMs: null }), [])
      const failing = await claimed(journal, 'a', { runId: 'r2' })
      await settled(journal, failing.claim, retry(60_000), [])
      const given = await claimed(journal, 'a', { runId: 'r3' })
      await journal.release(given.claim, 'drain')
      const last = await claimed(journal, 'a', { runId: 'r4' })
      const woken = await journal.wake({
        runId: 'r1',
        stepId: 'a',
        wake: { kind: 'decided', decision: 'yes', by: null },
      })
      assert.ok(woken.outcome === 'woken')
      assert.deepEqual(await refusal(journal, 'r1'), { reason: 'full' })
      await settled(journal, last.claim, success('1'), [])
      assert.deepEqual(await refusal(journal, 'r4'), { reason: 'run-over', instead: 'r1' })
      await advance(60_001)
      assert.ok((await journal.due(10)).every((one) => !('runId' in one) || one.runId !== 'r2')) // its turn comes
    },
  },
  {
    name: 'a run that is cancelled gives its slots back and waits no more',
    async run({ journal }) {
      for (const runId of ['r1', 'r2', 'r3']) await start(journal, runId, { limit: 1 })
      await claimed(journal, 'a', { runId: 'r1' })
      await journal.cancel('r1', 'enough')
      await journal.cancel('r2', 'enough')
      assert.deepEqual(await refusal(journal, 'r1'), { reason: 'run-over', instead: 'r3' })
    },
  },
  {
    name: 'a paused run has no turn, and its own again when it goes on',
    async run({ journal }) {
      await start(journal, 'run', { limit: 1 })
      await start(journal, 'r2', { limit: 1 })
      await journal.pause('run', 'wait')
      assert.deepEqual(await refusal(journal, 'run'), { reason: 'run-paused', instead: 'r2' })
      const { claim } = await claimed(journal, 'a', { runId: 'r2' })
      await reopenStep(journal, 'a')
      assert.deepEqual(await refusal(journal, 'run'), { reason: 'full' })
      const { offers } = await settled(journal, claim, success('1'), [])
      assert.deepEqual(runsOf(offers), ['run'])
    },
  },
  {
    name: 'child runs count under the key of their parents',
    async run({ journal }) {
      await start(journal, 'run', { limit: 1 })
      const { claim } = await claimed(journal, 'a')
      await journal.start(childOf('a'))
      assert.deepEqual(await refusal(journal, 'run.a'), { reason: 'full' })
      const { offers } = await settled(journal, claim, waiting({ kind: 'child', runId: 'run.a' }), [])
      assert.deepEqual(runsOf(offers), ['run.a'])
      await claimed(journal, 'a', { runId: 'run.a' })
    },
  },
  {
    name: 'what a run and its child runs held is for others at once when it goes over its budget',
    async run({ journal }) {
      await start(journal, 'run', { limit: 1 }, { budgetNanoUsd: 1 })
      const { claim } = await claimed(journal, 'a')
      await start(journal, 'r2', { limit: 1 })
      await journal.start(childOf('b')) // it waits before `r2`, for it is as old as its parent
      const { offers } = await settled(journal, claim, { ...success('1'), usage: { ...NO_USAGE, costNanoUsd: 2 } }, [])
      assert.deepEqual(runsOf(offers), ['r2'])
    },
  },
  {
    name: 'runs without a key know no turns',
    async run({ journal }) {
      await start(journal, 'r1', { limit: 1 })
      await claimed(journal, 'a', { runId: 'r1' })
      const { offers } = await journal.start({ ...startOf({ steps: 1 }), runId: 'free' })
      assert.deepEqual(offers, [offered('a', 'free')])
      await claimed(journal, 'a', { runId: 'free' })
    },
  },
]

async function start(
  journal: Journal,
  runId: string,
  share: Partial<RunConcurrency> = {},
  more: Partial<StartRun> = {},
): Promise<readonly Offer[]> {
  const concurrency = { key: 'k', limit: null, weight: 1, ...share }
  return (await journal.start({ ...startOf({ steps: 1 }), runId, concurrency, ...more })).offers
}

async function refusal(journal: Journal, runId: string, stepId = 'a'): Promise<object> {
  const reply: ClaimReply = await journal.claim(heldBy(stepId, { runId, nonce: `late-${runId}` }))
  assert.ok(reply.outcome === 'refused', `${runId} is ${reply.outcome}`)
  const { reason, instead } = reply
  return instead === undefined ? { reason } : { reason, instead: instead.runId }
}

/** What a bell for the run leads to. */
async function beginWith(journal: Journal, runId: string): Promise<string> {
  const reply = await journal.claim(heldBy('a', { runId }))
  if (reply.outcome === 'claimed') return runId
  assert.ok(reply.outcome === 'refused' && reply.instead !== undefined, `${runId}: ${JSON.stringify(reply)}`)
  await claimed(journal, 'a', { runId: reply.instead.runId })
  return reply.instead.runId
}

function runsOf(found: readonly object[]): readonly string[] {
  assert.equal(idsOf(found).length, found.length)
  return found.flatMap((one) => ('runId' in one && typeof one.runId === 'string' ? [one.runId] : []))
}
