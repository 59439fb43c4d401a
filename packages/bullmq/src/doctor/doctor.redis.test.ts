import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { createClient } from '../client/client.ts'
import { keysOf } from '../keys.ts'
import { chainOf, echo } from '../testing/plans.fixture.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
import { examineRedis } from './doctor.ts'

test('a real Redis is looked at: runs without a worker, then with one, and what is left of a run', async () => {
  const prefix = testPrefix()
  const redis = new Redis(redisUrl())
  const client = await createClient({ redis: redisUrl(), prefix })
  onTestFinished(async () => {
    await client.close()
    await removeKeys(prefix)
    redis.disconnect()
  })
  const look = async () => {
    const findings = await examineRedis({ redis: redisUrl(), prefix, version: '0.1.0' })
    return new Map(findings.map((finding) => [finding.check, finding]))
  }
  await client.start(chainOf(2), { runId: 'r' })
  const alone = await look()
  expect(alone.get('workers-alive')).toMatchObject({ level: 'problem' })
  expect(alone.get('queues-unserved')).toMatchObject({ level: 'problem' })
  expect(alone.get('redis-eviction')).toMatchObject({ level: 'ok' })
  expect(alone.get('redis-clock')).toMatchObject({ level: 'ok' })
  expect(alone.get('redis-version')?.message).toMatch(/is Redis \d+\.\d+/)
  expect(alone.get('keys-orphans')).toMatchObject({ level: 'ok' })

  const worker = await startTestWorker({ prefix, functions: [echo] })
  await client.waitForEnd('r')
  const served = await look()
  expect(served.get('workers-alive')).toMatchObject({ level: 'ok', message: expect.stringContaining('1 worker alive') })
  expect(served.has('queues-unserved')).toBe(false)
  await worker.runtime.close()

  await redis.del(keysOf(prefix).run('r')[0])
  expect((await look()).get('keys-orphans')).toMatchObject({ level: 'warning', message: 'keys without their run: r' })
})
