import { describe, expect, test } from 'vitest'
import { journalConformance } from '../testing/journal-conformance.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { MemoryJournal } from './memory-journal.ts'

describe('the journal in memory', () => {
  for (const { name, run } of journalConformance) {
    test(name, async () => {
      const clock = new VirtualClock()
      const journal = new MemoryJournal({ now: () => clock.now(), offerMs: 5_000, hasLeases: true })
      const opened = { journal, advance: async (ms: number) => clock.advance(ms), close: async () => undefined }
      await expect(run(opened)).resolves.toBeUndefined()
    })
  }
})
