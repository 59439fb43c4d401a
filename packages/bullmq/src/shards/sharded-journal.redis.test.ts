import type { OpenedJournal } from '@agentloom/engine/testing'
import { journalConformance } from '@agentloom/engine/testing'
import { describe, expect, test } from 'vitest'
import { openShardedTestJournal } from '../testing/open-journal.fixture.ts'

describe('the journal over three shards', () => {
  for (const { name, run } of journalConformance) {
    test(name, async () => {
      const opened: OpenedJournal = await openShardedTestJournal({ shards: 3 })
      try {
        await expect(run(opened)).resolves.toBeUndefined()
      } finally {
        await opened.close()
      }
    })
  }
})
