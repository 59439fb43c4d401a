import assert from 'node:assert/strict'
import { NO_USAGE } from '../journal/record.ts'
import type { JournalCase } from './journal-case.ts'
import { claimed, edge, idsOf, offered, settled, startOf, statusOf } from './journal-commands.ts'

/** Of what a step's end leaves to those behind it. */
export const outcomeCases: readonly JournalCase[] = [
  {
    name: 'a claimed step whose condition is false is skipped, and its edges are spread',
    async run({ journal }) {
      await journal.start(startOf({ steps: 2, roots: ['a'] }))
      const { claim } = await claimed(journal, 'a')
      const against = { cause: 3, voted: null, chosen: false, admitted: false }
      const skipped = { kind: 'skipped', cause: 3, usage: NO_USAGE } as const
      const reply = await settled(journal, claim, skipped, [edge('b', { verdicts: against })])
      assert.deepEqual(idsOf(reply.undecided), ['b'])
      await journal.skip({ offer: offered('b'), rank: 1, cause: 3, edges: [], next: null })
      assert.equal(await statusOf(journal), 'success')
    },
  },
  {
    name: 'what a failed step leaves can be read by others',
    async run({ journal }) {
      await journal.start(startOf({ steps: 2, roots: ['a'] }))
      const { claim } = await claimed(journal, 'a')
      const error = { code: 'x/y', message: 'no', place: null, help: null }
      await settled(journal, claim, { kind: 'failed', error, usage: NO_USAGE, output: '{"n":1}' }, [edge('b')])
      assert.deepEqual((await claimed(journal, 'b', { reads: ['a'] })).outputs, [{ status: 'failed', text: '{"n":1}' }])
    },
  },
]
