import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@agentloom/bullmq/client'
import { interpret } from '@agentloom/engine/testing'
import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { claimsAfterCommit, unfinishedClaims } from './evidence.ts'
import { Fleet } from './fleet.ts'
import { holder } from './holder.ts'
import { scriptedPlans } from './random-plans.ts'

const SCALE = Number(process.env['AGENTLOOM_TEST_SCALE'] ?? '1')
const PLANS = Math.round(100 * SCALE)
const KILLS = Math.round(6 * SCALE)
const SEED = 20_261_124

test(
  `${PLANS} random plans end as the sequential interpreter says, whoever is killed`,
  { timeout: 120_000 },
  async () => {
    const home = await mkdtemp(join(tmpdir(), 'agentloom-crash-'))
    const prefix = testPrefix()
    const plans = fc.sample(scriptedPlans(join(home, 'lines')), { numRuns: PLANS, seed: SEED })
    await using client = await createClient({ redis: redisUrl(), prefix })
    const fleet = new Fleet({ redis: redisUrl(), prefix, home }, 3)
    try {
      const runIdOf = (at: number): string => `r${at}`
      for (let kill = 0, started = 0; kill < KILLS; kill += 1) {
        for (; started < (PLANS * (kill + 1)) / KILLS; started += 1) {
          const one = plans[started]
          if (one !== undefined) await client.start(one.plan, { runId: runIdOf(started) })
        }
        await fleet.kill(await holder(client, fleet))
      }
      const signal = AbortSignal.timeout(60_000)
      await Promise.all(plans.map((_, at) => client.waitForEnd(runIdOf(at), signal)))
      let lost = 0
      for (const [at, { plan, script }] of plans.entries()) {
        const view = await client.view(runIdOf(at))
        const loaded = await client.load(runIdOf(at))
        if (view === null || loaded === null) throw new Error(`run ${runIdOf(at)} is gone`)
        lost += unfinishedClaims(loaded).length
        expect(claimsAfterCommit(loaded)).toEqual([])
        const steps = view.steps.map(({ id, status, error }) => ({ id, status, error: error?.message ?? null }))
        expect({ status: view.status, steps, state: view.state, error: view.error?.message ?? null }).toEqual(
          interpret(plan, script),
        )
      }
      console.log(`${KILLS} kills; ${lost} claims lost`)
      expect(lost).toBeGreaterThan(0)
    } finally {
      await fleet.stop()
      await removeKeys(prefix)
      await rm(home, { recursive: true, force: true })
    }
  },
)
