import { claimed, startOf } from '@agentloom/engine/testing'
import { expect, test } from 'vitest'
import { openTestJournal } from '../testing/open-journal.fixture.ts'

test('thousands of notes are read page by page, in their order', async () => {
  const { journal, close } = await openTestJournal()
  try {
    await journal.start(startOf({ steps: 2, roots: ['a', 'b'] }))
    const a = await claimed(journal, 'a')
    const b = await claimed(journal, 'b')
    const expected = Array.from({ length: 1_500 }, (_, index) => `{"turn":${index}}`)
    for (const text of expected) {
      const both = [a, b].map(({ claim }) => journal.append(claim, { text, usage: null }))
      await Promise.all(both)
    }
    expect(await journal.notes('run', 'a')).toEqual(expected)
    expect(await journal.notes('run', 'nobody')).toEqual([])
  } finally {
    await close()
  }
})
