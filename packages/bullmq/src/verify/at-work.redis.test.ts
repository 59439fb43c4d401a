import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { expect, test } from 'vitest'
import { createClient } from '../client/client.ts'
import { chainOf, echo, fanOf } from '../testing/plans.fixture.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'

test('runs at work are looked at until they end, and nothing is ever wrong', { timeout: 60_000 }, async () => {
  const prefix = testPrefix()
  const { runtime } = await startTestWorker({ prefix, functions: [echo] })
  try {
    await using client = await createClient({ redis: redisUrl(), prefix })
    const runIds = Array.from({ length: 12 }, (_, at) => `run-${at}`)
    await Promise.all(runIds.map((runId, at) => client.start(at % 2 === 0 ? chainOf(40) : fanOf(150), { runId })))
    const ends = Promise.all(runIds.map((runId) => client.waitForEnd(runId)))
    let areOver = false
    void ends.then(() => (areOver = true))
    for (let isLast = false; !isLast;) {
      isLast = areOver
      for (const runId of runIds) expect((await client.verify(runId))?.findings, runId).toEqual([])
    }
    expect((await ends).map(({ status }) => status)).toEqual(runIds.map(() => 'success'))
  } finally {
    await runtime.close()
    await removeKeys(prefix)
  }
})
