import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keysOf } from '@agentloom/bullmq'
import { createClient } from '@agentloom/bullmq/client'
import { createLogger } from '@agentloom/telemetry'
import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { startWorker } from '@agentloom/worker'
import { compileYaml } from '@agentloom/workflow'
import { Redis } from 'ioredis'
import { afterEach, expect, test, vi } from 'vitest'

const prefix = testPrefix()
const keys = keysOf(prefix)
afterEach(() => removeKeys(prefix))
const { plan } = compileYaml('name: gated\nsteps:\n  - {id: gate, type: approval_gate}\n')
const logger = createLogger({ name: 'test', level: 'critical', secrets: [] })

// The compactor is a thread, which takes seconds to begin on a busy machine.
vi.setConfig({ testTimeout: 60_000 })

test('a worker takes a run that waits out of Redis, and brings it back for a client that has no checkpoints', async () => {
  const home = mkdtempSync(join(tmpdir(), 'agentloom-away-'))
  const redis = new Redis(redisUrl())
  const options = { redis: redisUrl(), prefix, home, logger, environment: {} }
  const client = await createClient({ redis: redisUrl(), prefix })
  try {
    {
      await using _first = await startWorker({ ...options, awayMs: null })
      await client.start(plan, { runId: 'run', input: {} })
      await client.waitForRest('run')
    }
    await using _second = await startWorker({ ...options, awayMs: 0 })
    const [run] = keys.run('run')
    while ((await redis.exists(run)) === 1);
    expect(await redis.hkeys(keys.away)).toEqual(['run'])
    expect(await client.list({ limit: 10 })).toMatchObject([{ runId: 'run', status: 'paused' }])
    expect(await client.decide('run', { path: null, decision: 'approved' })).toMatchObject({ outcome: 'decided' })
    expect((await client.result('run')).status).toBe('success')
    expect(await redis.exists(keys.away, keys.awayIndex, keys.wanted)).toBe(0)
  } finally {
    await client.close()
    redis.disconnect()
    rmSync(home, { recursive: true })
  }
})
