import { expect, test } from 'vitest'
import { claimed, heldBy, startOf } from '../testing/journal-commands.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { MemoryJournal } from './memory-journal.ts'

// What journals of several processes do only; the conformance suite has the rest.

test('turns are taken in each pool, and the limit holds over all', async () => {
  const clock = new VirtualClock()
  const journal = new MemoryJournal({ now: () => clock.now(), offerMs: 5_000, hasLeases: true })
  const pools = { byDefault: 'default', others: [['a', 'gpu']] as const }
  const start = (runId: string, key: string, more = {}) =>
    journal.start({ ...startOf({ steps: 1 }), runId, concurrency: { key, limit: 2, weight: 1 }, ...more })
  await start('r1', 'k', { pools })
  await start('r2', 'k', { pools })
  await start('r3', 'k')
  await start('r4', 'other')
  await claimed(journal, 'a', { runId: 'r1' })
  await claimed(journal, 'a', { runId: 'r2' }) // the other key waits in the default pool only
  expect(await journal.claim(heldBy('a', { runId: 'r3' }))).toMatchObject({
    outcome: 'refused',
    reason: 'full',
    instead: { runId: 'r4' },
  })
})
