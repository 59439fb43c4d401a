import { claimed, edge, startOf, success } from '@agentloom/engine/testing'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { redisUrl } from '@agentloom/testing'
import { openTestJournal } from '../testing/open-journal.fixture.ts'

test('who begins to watch a run at work is told of every record from then on, also of a chain’s', async () => {
  const { journal, keys, close } = await openTestJournal()
  const listener = new Redis(redisUrl())
  try {
    const told: string[] = []
    await listener.subscribe(keys.pokes)
    listener.on('message', (_, message) => told.push(message))
    await journal.start(startOf({ steps: 3 }))
    const { claim } = await claimed(journal, 'a')
    expect(await journal.watch('run', 60_000)).toBe('running')
    const next = { nonce: 'n-b', worker: 'w', leaseMs: 10_000, candidates: [{ stepId: 'b', reads: [] }] }
    await journal.settle({ claim, rank: 0, settlement: success('1'), edges: [edge('b')], next })
    await expect.poll(() => told).toEqual(['run'])
  } finally {
    listener.disconnect()
    await close()
  }
})
