import { NO_USAGE } from '@agentloom/engine'
import { expectNoKeys, redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { createClient } from '../client/client.ts'
import { RedisJournal } from '../journal/redis-journal.ts'
import { keysOf } from '../keys.ts'
import { echo, planOf } from '../testing/plans.fixture.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'

test('a child run whose end nobody told is found, and its parent goes on', async () => {
  const prefix = testPrefix()
  const keys = keysOf(prefix)
  const redis = new Redis(redisUrl(), { maxRetriesPerRequest: null })
  const journal = new RedisJournal({ redis, keys })
  const client = await createClient({ redis: redisUrl(), prefix })
  const { runtime, workerEvents } = await startTestWorker({ prefix, functions: [echo] })
  try {
    const plan = planOf(
      '  - {id: sub, type: subworkflow, workflow_inline: {name: c, steps: [{id: k, type: function, handler: elsewhere, queue: elsewhere, output: x}]}}\n' +
        '  - {id: after, type: function, handler: echo, input: {text: done}, depends_on: [sub]}',
    )
    await client.start(plan, { runId: 'run' })
    await expect.poll(async () => (await client.load('run'))?.records.at(-1)?.kind).toBe('waiting')
    const offer = { runId: 'run.sub', stepId: 'k', epoch: 0 }
    const common = { nonce: 'n', worker: 'w', leaseMs: 60_000, reads: [], isDecided: false }
    const reply = await journal.claim({ offer, ...common })
    if (reply.outcome !== 'claimed') throw new Error(`the claim was ${reply.outcome}`)
    const settlement = { kind: 'success', output: '1', usage: NO_USAGE } as const
    await journal.settle({ claim: reply.claim, rank: 0, settlement, edges: [], next: null })
    await redis.zadd(keys.due, 'XX', Date.now() - 1, 'run/sub') // the time of the next look has come
    expect((await client.waitForEnd('run')).status).toBe('success')
    expect(workerEvents.filter((event) => event.kind === 'repaired' && event.stepId === 'sub')).toEqual([])
  } finally {
    await runtime.close()
    await client.close()
    redis.disconnect()
    await removeKeys(prefix)
    await expectNoKeys(prefix)
  }
})
