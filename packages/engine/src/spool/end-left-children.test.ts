import { expect, test } from 'vitest'
import { MemoryJournal } from '../journal/memory-journal.ts'
import { childOf, claimed, failure, settled, startOf, waiting } from '../testing/journal-commands.ts'
import { endLeftChildren } from './end-left-children.ts'

const CHILD = 'run.a'

/** A run whose step waits for its child run. */
async function waitingRun(): Promise<MemoryJournal> {
  const journal = new MemoryJournal({ now: () => 1_000, offerMs: null, hasLeases: true })
  await journal.start(startOf({ steps: 1 }))
  const { claim } = await claimed(journal, 'a')
  await journal.start(childOf('a'))
  await settled(journal, claim, waiting({ kind: 'child', runId: CHILD }), [])
  return journal
}

const statusOf = async (journal: MemoryJournal): Promise<string | undefined> => (await journal.header(CHILD))?.status

test('a child run that its parent waits for goes on', async () => {
  const journal = await waitingRun()
  await endLeftChildren(journal, ['run', CHILD])
  expect(await statusOf(journal)).toBe('queued')
})

test.each([['run'], [CHILD]])(
  'a child run whose end the parent has seen, and that is back without it, ends: %s was filled up',
  async (filled) => {
    const journal = await waitingRun()
    const wake = { kind: 'child-ended', runId: CHILD, status: 'cancelled' } as const
    await journal.wake({ runId: 'run', stepId: 'a', wake })
    const { claim } = await claimed(journal, 'a', { nonce: 'again' })
    await settled(journal, claim, failure('its child was cancelled'), [])
    expect(await statusOf(journal)).toBe('queued')
    await endLeftChildren(journal, [filled])
    expect((await journal.header(CHILD))?.error?.code).toBe('run/parent-ended')
  },
)

test('a child run whose parent is lost ends', async () => {
  const journal = await waitingRun()
  journal.drop('run')
  await endLeftChildren(journal, [CHILD])
  expect(await statusOf(journal)).toBe('cancelled')
})
