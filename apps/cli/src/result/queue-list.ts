import { stepsQueueOf, type Client } from '@agentloom/bullmq/client'
import { timeText } from '../terminal/figures.ts'
import { printable } from '../terminal/printable.ts'

interface Found {
  readonly pools: readonly {
    readonly queue: string
    readonly waiting: number
    readonly active: number
    readonly workers: readonly string[]
  }[]
  readonly keys: readonly {
    readonly key: string
    readonly shard: number
    readonly limit: number | null
    readonly weight: number
    readonly waiting: number
    readonly holders: readonly {
      readonly run_id: string
      readonly step_id: string
      readonly worker: string | null
      readonly since: string
      readonly until: string | null
    }[]
  }[]
}

export async function lookAtQueues(client: Client, key: string | undefined): Promise<Found> {
  const [standing, slots, workers] = await Promise.all([client.standing(), client.slots(key), client.workers()])
  const living = workers.filter(({ isSilent }) => !isSilent)
  return {
    pools: standing.queues.map(({ name, jobs }) => ({
      queue: name,
      waiting: jobs.waiting + jobs.prioritized + jobs.delayed,
      active: jobs.active,
      workers: living
        .filter(({ pools }) => pools.some((pool) => stepsQueueOf(pool) === name))
        .map(({ worker }) => worker),
    })),
    keys: slots.map(({ holders, ...standingOfKey }) => ({
      ...standingOfKey,
      holders: holders.map(({ runId, stepId, worker, sinceMs, untilMs }) => ({
        run_id: runId,
        step_id: stepId,
        worker,
        since: new Date(sinceMs).toISOString(),
        until: untilMs === null ? null : new Date(untilMs).toISOString(),
      })),
    })),
  }
}

const RULE = '-'.repeat(80)

export function queuesTable({ pools, keys }: Found): string {
  const lines = [row(['QUEUE', 'WAITING', 'ACTIVE'], 'WORKERS'), RULE]
  for (const { queue, waiting, active, workers } of pools)
    lines.push(row([queue, String(waiting), String(active)], workers.join(', ')))
  if (keys.length > 0) lines.push('', row(['KEY', 'WAITING', 'SLOTS'], 'HELD BY'), RULE)
  for (const { key, waiting, limit, holders } of keys) {
    lines.push(row([key, String(waiting), `${holders.length}${limit === null ? '' : `/${limit}`}`], ''))
    for (const { run_id: runId, step_id: stepId, worker, since } of holders)
      lines.push(
        row(['', '', ''], `${runId} ${stepId} · ${worker ?? 'nobody yet'} since ${timeText(Date.parse(since))}`),
      )
  }
  return `${lines.join('\n')}\n`
}

function row(cells: readonly string[], last: string): string {
  return `${cells.map((cell, at) => printable(cell).padEnd(at === 0 ? 32 : 8)).join(' ')} ${printable(last)}`.trimEnd()
}
