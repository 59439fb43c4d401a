import { journalConformance } from '@agentloom/engine/testing'
import { describe, expect, test } from 'vitest'
import { openTestJournal } from '../testing/open-journal.fixture.ts'

describe('the journal in Redis', () => {
  for (const { name, run } of journalConformance) {
    test(name, async () => {
      const opened = await openTestJournal()
      try {
        await expect(run(opened)).resolves.toBeUndefined()
      } finally {
        await opened.close()
      }
    })
  }
})
