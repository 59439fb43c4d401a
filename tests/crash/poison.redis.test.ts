import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@agentloom/bullmq/client'
import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { compileYaml } from '@agentloom/workflow'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chainYaml } from './chain.ts'
import { Fleet } from './fleet.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'agentloom-poison-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const POISON = `
name: poison
steps:
  - {id: fine, type: function, handler: leave-line, input: {file: FILE, sum: 0, minMs: 0, maxMs: 1}}
  - {id: kills, type: function, handler: kill-worker, depends_on: [fine], input: {}}
`

test(
  'a step that kills every worker is set aside, and the fleet does everything else',
  { timeout: 90_000 },
  async () => {
    const prefix = testPrefix()
    const file = join(home, 'lines')
    const { plan: chain } = compileYaml(chainYaml({ steps: 10, file, minMs: 20, maxMs: 60 }))
    const { plan: poison } = compileYaml(POISON.replace('FILE', JSON.stringify(file)))
    await using client = await createClient({ redis: redisUrl(), prefix })
    const fleet = new Fleet({ redis: redisUrl(), prefix, home, deathsMax: 3 }, 2)
    fleet.keepUp()
    try {
      await client.start(poison, { runId: 'poison' })
      const others = Array.from({ length: 20 }, (_, index) => `r${index}`)
      for (const runId of others) await client.start(chain, { runId })
      await expect
        .poll(async () => (await client.header('poison'))?.status, { timeout: 60_000, message: fleet.said })
        .toBe('parked')
      const records = (await client.load('poison'))?.records ?? []
      expect(records.filter(({ kind }) => kind === 'died')).toHaveLength(3)
      expect(records.at(-1)).toMatchObject({ kind: 'waiting', stepId: 'kills', wait: { reason: 'quarantined' } })
      expect(fleet.killed.length).toBe(3)
      const signal = AbortSignal.timeout(30_000)
      for (const runId of others) expect((await client.waitForEnd(runId, signal)).status).toBe('success')
      expect((await client.view('poison'))?.steps.map(({ id, status }) => `${id} ${status}`)).toEqual([
        'fine success',
        'kills parked',
      ])
    } finally {
      await fleet.stop()
      await removeKeys(prefix)
    }
  },
)
