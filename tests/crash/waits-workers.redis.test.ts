import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@agentloom/bullmq/client'
import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { compileYaml } from '@agentloom/workflow'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claimsAfterCommit, readLines, unexplainedLines, unfinishedClaims } from './evidence.ts'
import { Fleet } from './fleet.ts'
import { waitingYaml } from './waits.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'agentloom-waits-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

test(
  'kill -9 of workers while a child run works and while it waits: nothing that was committed runs again',
  { timeout: 90_000 },
  async () => {
    const prefix = testPrefix()
    const file = join(home, 'lines')
    await using client = await createClient({ redis: redisUrl(), prefix })
    const fleet = new Fleet({ redis: redisUrl(), prefix, home }, 2)
    const killAll = async (): Promise<void> => {
      for (let index = 0; index < fleet.names.length; index += 1) await fleet.kill(index)
    }
    const until = async (holds: () => Promise<boolean>): Promise<void> => {
      for (let looks = 0; !(await holds()); looks += 1) {
        expect(looks, fleet.said).toBeLessThan(1_500)
        await sleep(20)
      }
    }
    const statusesAre = async (status: string): Promise<boolean> =>
      (await client.header('w'))?.status === status && (await client.header('w.sub'))?.status === status
    try {
      await client.start(compileYaml(waitingYaml(file)).plan, { runId: 'w' })
      await until(async () => (await readLines(file).catch(() => [])).some(({ step }) => step === 'slow'))
      await killAll()
      await until(() => statusesAre('paused'))
      expect((await client.view('w'))?.steps.at(-1)?.waitingAt).toEqual(['sub.gate'])

      await killAll()
      expect(await client.decide('w', { path: 'sub.gate', decision: 'approved' })).toMatchObject({ outcome: 'decided' })
      await until(() => statusesAre('parked'))
      await killAll()
      await client.signal('w', 'delivered', 'parcel')
      expect((await client.waitForEnd('w', AbortSignal.timeout(30_000))).status).toBe('success')

      const runs = [await client.load('w'), await client.load('w.sub')].filter((run) => run !== null)
      expect((await client.view('w'))?.state['child']).toEqual({ verdict: 'approved', parcel: 'parcel' })
      expect(runs.flatMap(claimsAfterCommit)).toEqual([])
      expect(unexplainedLines(await readLines(file), runs.flatMap(unfinishedClaims))).toEqual([])
    } finally {
      await fleet.stop()
      await removeKeys(prefix)
    }
  },
)
