import type { WorkerRuntime } from '@agentloom/bullmq'
import type { Metrics } from '@agentloom/telemetry'

/** How long a scrape waits for Redis; what was counted here is told all the same. */
const STANDING_MAX_MS = 2_000

/** What one scrape gets: what this worker counted, and how runs and queues stand where Redis answers. */
export async function scrape(
  metrics: Metrics,
  runtime: WorkerRuntime,
): Promise<{ readonly contentType: string; readonly text: string }> {
  metrics.set('agentloom_worker_steps_held', {}, runtime.held)
  const standing = runtime.isReady() ? await within(STANDING_MAX_MS, runtime.standing()) : null
  for (const { name: queue, jobs, oldestMs } of standing?.queues ?? []) {
    for (const [state, count] of Object.entries(jobs)) metrics.set('agentloom_queue_jobs', { queue, state }, count)
    metrics.set('agentloom_queue_oldest_seconds', { queue }, oldestMs / 1_000)
  }
  for (const [status, count] of Object.entries(standing?.runs ?? {})) metrics.set('agentloom_runs', { status }, count)
  if (standing !== null) metrics.set('agentloom_overdue', {}, standing.overdue)
  return { contentType: metrics.contentType, text: await metrics.text() }
}

function within<Result>(ms: number, result: Promise<Result>): Promise<Result | null> {
  const { promise, resolve } = Promise.withResolvers<Result | null>()
  const timer = setTimeout(() => resolve(null), ms)
  result.then(resolve, () => resolve(null)).finally(() => clearTimeout(timer))
  return promise
}
