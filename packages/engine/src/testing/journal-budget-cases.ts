import assert from 'node:assert/strict'
import { NO_USAGE } from '../journal/record.ts'
import type { Settlement } from '../ports/journal.ts'
import type { JournalCase } from './journal-case.ts'
import { claimed, heldBy, idsOf, kindsOf, oneEdge, reopening, settled, startOf, statusOf } from './journal-commands.ts'

const BUDGET = 100

function spending(costNanoUsd: number): Settlement {
  return { kind: 'success', output: '1', usage: { ...NO_USAGE, costNanoUsd } }
}

const start = (steps: number) => ({ ...startOf({ steps }), budgetNanoUsd: BUDGET, parksOnBudget: true })

/** Of runs that wait for more money (`on_budget: park`). */
export const budgetCases: readonly JournalCase[] = [
  {
    name: 'a run that overspends is parked, and goes on with more',
    async run({ journal }) {
      await journal.start({ ...start(2), timeoutMs: null })
      const first = await claimed(journal, 'a')
      const reply = await settled(journal, first.claim, spending(BUDGET + 1), oneEdge('b'))
      assert.equal(reply.runStatus, 'parked')
      assert.equal(reply.next, null)
      assert.deepEqual(await journal.claim(heldBy('b')), { outcome: 'refused', reason: 'run-paused' })
      const ready = [{ stepId: 'b', rank: 2 }]
      const reopened = await journal.reopen({ ...(await reopening(journal)), ready, budgetNanoUsd: 3 * BUDGET })
      assert.ok(reopened.outcome === 'reopened')
      assert.deepEqual(idsOf(reopened.offers), ['b'])
      const second = await claimed(journal, 'b')
      assert.equal((await settled(journal, second.claim, spending(1), [])).runStatus, 'success')
    },
  },
  {
    name: 'a run whose budget is just spent is parked by the next claim, once, and its child runs stay',
    async run({ journal }) {
      await journal.start(start(2))
      const first = await claimed(journal, 'a')
      assert.equal((await settled(journal, first.claim, spending(BUDGET), oneEdge('b'))).runStatus, 'running')
      assert.deepEqual(await journal.claim(heldBy('b')), { outcome: 'refused', reason: 'awaiting_budget' })
      assert.deepEqual(await journal.claim(heldBy('b')), { outcome: 'refused', reason: 'run-paused' })
      assert.equal(await statusOf(journal), 'parked')
      assert.equal((await kindsOf(journal)).filter((kind) => kind === 'paused').length, 1)
      assert.deepEqual(await journal.cancel('run', 'enough'), { isDone: true, status: 'cancelled' })
    },
  },
  {
    name: 'a last step may overspend: the run has done what it had to',
    async run({ journal }) {
      await journal.start(start(1))
      const { claim } = await claimed(journal, 'a')
      assert.equal((await settled(journal, claim, spending(5 * BUDGET), [])).runStatus, 'success')
    },
  },
  {
    name: 'the time-out of a run that waits for money stands still',
    async run({ journal, advance }) {
      await journal.start({ ...start(2), timeoutMs: 20_000 })
      const { claim } = await claimed(journal, 'a')
      await settled(journal, claim, spending(2 * BUDGET), oneEdge('b'))
      await advance(30_000)
      await journal.due(10)
      assert.equal(await statusOf(journal), 'parked')
    },
  },
]
