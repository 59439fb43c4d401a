import { edgesOf, startCommand } from '@agentloom/engine'
import { startRedis } from '@agentloom/testing'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { keysOf } from '../keys.ts'
import { fanOf } from '../testing/plans.fixture.ts'
import { RedisJournal } from './redis-journal.ts'

const WIDTH = 10_000
/** Two for an edge, and what a chunk says beside its edges. */
const ARGUMENTS_MAX = 2 * 100 + 50

test('a step of 10,000 edges is spread in calls of at most 100', { timeout: 60_000 }, async () => {
  await using server = await startRedis()
  const redis = new Redis(server.url, { maxRetriesPerRequest: null })
  redis.on('error', () => undefined) // the server may end first
  const journal = new RedisJournal({ redis, keys: keysOf('al') })
  const plan = fanOf(WIDTH)
  await journal.start(startCommand(plan, { runId: 'run' }))
  const usual = { worker: 'w', leaseMs: 60_000, reads: [], isDecided: false }
  const claimed = await journal.claim({ offer: { runId: 'run', stepId: 'first', epoch: 0 }, nonce: 'n', ...usual })
  if (claimed.outcome !== 'claimed') throw new Error('not claimed')
  await redis.config('SET', 'slowlog-max-len', '100000') // what scripts call is logged, too
  await redis.config('SET', 'slowlog-log-slower-than', '0')
  const [first] = plan.nodes
  if (first === undefined) throw new Error('no node')
  const reply = await journal.settle({
    claim: claimed.claim,
    rank: 0,
    settlement: {
      kind: 'success',
      output: '1',
      usage: { durationMs: 1, tokens: 0, costNanoUsd: 0, model: null, provider: null },
    },
    edges: edgesOf(plan, first, { kind: 'success', target: null }),
    next: null,
  })
  expect(reply.outcome === 'settled' && reply.offers.length).toBe(WIDTH)
  const calls = await scriptCalls(redis)
  expect(calls.length).toBeGreaterThanOrEqual(WIDTH / 100)
  expect(Math.max(...calls)).toBeLessThanOrEqual(ARGUMENTS_MAX)
  redis.disconnect()
})

/** Numbers of arguments of the scripts that were called. The log leaves out those behind the 31st, and says how many. */
async function scriptCalls(redis: Redis): Promise<readonly number[]> {
  const entries = (await redis.call('SLOWLOG', 'GET', '-1')) as readonly (readonly [number, number, number, string[]])[]
  return entries
    .map(([, , , command]) => command)
    .filter(([name]) => name === 'evalsha' || name === 'eval')
    .map((command) => command.length - 1 + Number(/\((\d+) more arguments\)/.exec(command.at(-1) ?? '')?.[1] ?? 0))
}
