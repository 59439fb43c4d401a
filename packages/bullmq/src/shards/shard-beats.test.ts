import type { Claim, Wish } from '@agentloom/engine'
import { expect, test } from 'vitest'
import { ShardBeats } from './shard-beats.ts'
import { shardOf } from './shard-of.ts'

const [even = '', odd = ''] = [0, 1].map((shard) => ['a', 'b', 'c', 'd', 'e'].find((id) => shardOf(id, 2) === shard))

function claimOf(runId: string, nonce: string): Claim {
  return { runId, stepId: 's', epoch: 1, nonce }
}

test('wishes come in the order of the claims', async () => {
  const beats = new ShardBeats([
    { heartbeat: async (claims) => claims.map((): Wish => 'pause') },
    { heartbeat: async (claims) => claims.map((): Wish => 'cancel') },
  ])
  const claims = [claimOf(odd, '1'), claimOf(even, '2'), claimOf(odd, '3')]
  expect(await beats.beat(claims, 1)).toEqual(['cancel', 'pause', 'cancel'])
})

test('a shard that does not answer holds up none of the others, and what it says late is told by the next beat', async () => {
  const stuck = Promise.withResolvers<readonly Wish[]>()
  const asked: string[] = []
  const beats = new ShardBeats([
    { heartbeat: async (claims) => claims.map((): Wish => 'continue') },
    {
      heartbeat: (claims) => {
        asked.push(claims.map(({ nonce }) => nonce).join())
        return asked.length === 1 ? stuck.promise : Promise.resolve(claims.map((): Wish => 'continue'))
      },
    },
  ])
  const claims = [claimOf(even, '1'), claimOf(odd, '2')]
  expect(await beats.beat(claims, 1)).toEqual(['continue', 'continue'])
  expect(await beats.beat(claims, 1)).toEqual(['continue', 'continue'])
  expect(asked).toEqual(['2']) // not asked twice at once
  stuck.resolve(['lost'])
  await stuck.promise
  expect(await beats.beat(claims, 1)).toEqual(['continue', 'lost'])
  expect(await beats.beat(claims, 1)).toEqual(['continue', 'continue'])
  expect(asked.length).toBeGreaterThan(1)
})
