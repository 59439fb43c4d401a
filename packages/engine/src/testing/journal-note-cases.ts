import assert from 'node:assert/strict'
import { NO_USAGE } from '../journal/record.ts'
import { claimed, failure, reopenStep, retry, settled, startOf, statusOf, success } from './journal-commands.ts'
import type { JournalCase } from './journal-case.ts'

const LEASE_MS = 10_000

/** Of what is written down inside a step. */
export const noteCases: readonly JournalCase[] = [
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
    name: 'a run whose budget a child run has spent ends for that, one with money left has failed',
    async run({ journal }) {
      const error = { code: 'run/budget-exceeded', message: 'the child’s', place: null, help: null }
      for (const [runId, budgetNanoUsd, status] of [
        ['poor', 20, 'budget_exceeded'],
        ['rich', 21, 'failed'],
        ['free', null, 'failed'],
      ] as const) {
        await journal.start({ ...startOf({ steps: 1 }), runId, budgetNanoUsd })
        const { claim } = await claimed(journal, 'a', { runId })
        const usage = { ...NO_USAGE, costNanoUsd: 20 }
        const settlement = { kind: 'failed', error, usage } as const
        const reply = await journal.settle({ claim, rank: 0, settlement, edges: [], next: null })
        assert.equal(reply.outcome === 'settled' ? reply.runStatus : reply.outcome, status)
      }
    },
  },
]
