import type { OpenedJournal } from '@agentloom/engine/testing'
import { journalConformance, keyCases } from '@agentloom/engine/testing'
import { describe, expect, test } from 'vitest'
import { openShardedTestJournal } from '../testing/open-journal.fixture.ts'

// A key's limit and its turns are a shard's own, and the cases of keys are about runs that lie together.
describe('the journal over three shards', () => {
  for (const { name, run } of journalConformance.filter((one) => !keyCases.includes(one))) {
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
