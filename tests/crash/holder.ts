import type { Client } from '@agentloom/bullmq/client'
import { expect } from 'vitest'
import { unfinishedClaims } from './evidence.ts'
import type { Fleet } from './fleet.ts'

/** The index of a worker that holds a claim right now. */
export async function holder(client: Client, fleet: Fleet): Promise<number> {
  const giveUpAt = Date.now() + 20_000
  for (;;) {
    const running = await client.list({ statuses: ['running'], limit: 100 })
    const loaded = await Promise.all(running.map(({ runId }) => client.load(runId)))
    const holding = new Set(
      loaded.flatMap((run) => (run === null ? [] : unfinishedClaims(run))).map(({ worker }) => worker),
    )
    const index = fleet.names.findIndex((name) => holding.has(name))
    if (index >= 0) return index
    expect(Date.now(), fleet.said).toBeLessThan(giveUpAt)
  }
}
