import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, createClient } from '@agentloom/bullmq/client'
import { redisUrl, removeKeys, startRedis, testPrefix } from '@agentloom/testing'
import { compileYaml } from '@agentloom/workflow'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chainYaml, stepId } from './chain.ts'
import { claimsAfterCommit, readLines, unexplainedLines, unfinishedClaims } from './evidence.ts'
import { Fleet } from './fleet.ts'
import { holder } from './holder.ts'
import { seededRandom } from '../nemesis/random.ts'

const SCALE = Number(process.env['AGENTLOOM_TEST_SCALE'] ?? '1')
const RUNS = Math.round(300 * SCALE)
const STEPS = 10
/** Some more than must hit: between the look and the kill a worker may have let go. */
const KILLS = Math.round(26 * SCALE)
const HITS_MIN = Math.round(20 * SCALE)

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'agentloom-crash-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

test(`${RUNS} runs survive ${HITS_MIN} kills and more of workers that were at work`, { timeout: 180_000 }, async () => {
  const prefix = testPrefix()
  const file = join(home, 'lines')
  const { plan } = compileYaml(chainYaml({ steps: STEPS, file, minMs: 20, maxMs: 60 }))
  await using client = await createClient({ redis: redisUrl(), prefix })
  const fleet = new Fleet({ redis: redisUrl(), prefix, home }, 3)
  try {
    const started: string[] = []
    const starting = (async () => {
      // Runs come as the kills do, so that from the first kill to the last there are some at work.
      while (started.length < RUNS) {
        const isAhead = started.length > (RUNS * (fleet.killed.length + 1)) / KILLS
        if (isAhead) await sleep(20)
        else await client.start(plan, { runId: `r${started.length}` }).then(() => started.push(`r${started.length}`))
      }
    })()
    const random = seededRandom(20_261_124)
    for (let kill = 0; kill < KILLS; kill += 1) {
      await sleep(200 + 600 * random())
      await fleet.kill(await holder(client, fleet))
    }
    await starting
    const runs = await allEnded(client, started, fleet)

    const lines = await readLines(file)
    const unfinished = runs.flatMap(unfinishedClaims)
    expect(runs.flatMap(claimsAfterCommit)).toEqual([])
    expect(unexplainedLines(lines, unfinished)).toEqual([])
    const left = new Set(lines.map(({ run, step }) => `${run} ${step}`))
    for (const run of started)
      for (let step = 0; step < STEPS; step += 1) expect(left).toContain(`${run} ${stepId(step)}`)
    for (const runId of started) {
      const view = await client.view(runId)
      expect(view?.status).toBe('success')
      expect(view?.state['sum']).toBe(STEPS)
    }
    const killed = new Set(fleet.killed)
    const hits = new Set(unfinished.map(({ worker }) => worker).filter((worker) => killed.has(worker))).size
    console.log(
      `${fleet.killed.length} kills, ${hits} of a worker that held claims; ${unfinished.length} claims lost, ${lines.length - RUNS * STEPS} executions more than steps`,
    )
    expect(hits).toBeGreaterThanOrEqual(HITS_MIN)
  } finally {
    await fleet.stop()
    await removeKeys(prefix)
  }
})

test(
  'all runs end by themselves after Redis was killed and started again in the middle',
  { timeout: 120_000 },
  async () => {
    await using redis = await startRedis({ appendonly: true, appendfsync: 'everysec' })
    const prefix = testPrefix()
    const file = join(home, 'lines')
    const { plan } = compileYaml(chainYaml({ steps: STEPS, file, minMs: 20, maxMs: 60 }))
    await using client = await createClient({ redis: redis.url, prefix })
    const fleet = new Fleet({ redis: redis.url, prefix, home }, 2)
    try {
      const started = Array.from({ length: 60 }, (_, index) => `r${index}`)
      for (const runId of started) await client.start(plan, { runId })
      await expect
        .poll(async () => (await readLines(file).catch(() => [])).length, { timeout: 20_000 })
        .toBeGreaterThan(100)
      await redis.kill9()
      await redis.restart()
      const runs = await allEnded(client, started, fleet)
      expect(runs.map(({ header }) => header.status)).toEqual(started.map(() => 'success'))
      expect(runs.flatMap(claimsAfterCommit)).toEqual([])
      for (const runId of started) expect((await client.view(runId))?.state['sum']).toBe(STEPS)
    } finally {
      await fleet.stop()
    }
  },
)

async function allEnded(client: Client, runIds: readonly string[], fleet: Fleet) {
  const signal = AbortSignal.timeout(60_000)
  await Promise.all(
    runIds.map((runId) =>
      client.waitForEnd(runId, signal).catch((error: unknown) => {
        throw new Error(`run ${runId} did not end\n${fleet.said}`, { cause: error })
      }),
    ),
  )
  const runs = await Promise.all(runIds.map((runId) => client.load(runId)))
  return runs.flatMap((run) => run ?? [])
}
