import { startRedis } from '@agentloom/testing'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { keysOf } from '../keys.ts'
import { BullmqDoorbell } from './bullmq-doorbell.ts'
import { PoolQueues } from './pool-queues.ts'

test('a bell that finds Redis full is left to the sweeper: what it rings for was decided before', async () => {
  await using server = await startRedis()
  const redis = new Redis(server.url, { maxRetriesPerRequest: null })
  const queues = new PoolQueues(redis, keysOf('al'))
  const doorbell = new BullmqDoorbell(queues)
  const bell = { stepId: 's', epoch: 0, workflow: 'w', definition: 'd', priority: 0, queue: 'default' }
  const waiting = () => queues.of('default').getWaitingCount()
  try {
    await doorbell.ring([{ ...bell, runId: 'run1' }])
    await redis.config('SET', 'maxmemory', '1')
    await doorbell.ring([{ ...bell, runId: 'run2' }])
    expect(await waiting()).toBe(1)
    await redis.config('SET', 'maxmemory', '0')
    await doorbell.ring([{ ...bell, runId: 'run2' }])
    expect(await waiting()).toBe(2)
  } finally {
    await queues.close()
    redis.disconnect()
  }
})
