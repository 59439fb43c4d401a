import type { WorkerEvent } from '@agentloom/bullmq'
import type { EngineEvent } from '@agentloom/engine'
import type { CallAttempt } from '@agentloom/gateway'
import type { Metrics } from '@agentloom/telemetry'

const NANO_PER_USD = 1e9
/** Where the end of a run was seen by somebody who did not know its workflow. */
const UNKNOWN = 'unknown'

/** Counts what happens in a worker. Never throws. */
export interface Meter {
  engine(event: EngineEvent): void
  worker(event: WorkerEvent): void
  call(attempt: CallAttempt): void
}

/** @param now milliseconds since 1970 */
export function createMeter(metrics: Metrics, now: () => number): Meter {
  return {
    engine: (event) => meterEngine(metrics, event, now),
    worker(event) {
      if (event.kind === 'repaired' && event.cause !== 'retry')
        metrics.count('agentloom_repairs_total', { cause: event.cause }) // a back-off that is over is no repair
      if (event.kind === 'error') metrics.count('agentloom_worker_errors_total', { during: event.during })
    },
    call: (attempt) => meterCall(metrics, attempt),
  }
}

function meterEngine(metrics: Metrics, event: EngineEvent, now: () => number): void {
  switch (event.kind) {
    case 'step-committed': {
      const { origin, usage } = event
      countStep(metrics, event, 'success')
      if (usage.costNanoUsd > 0)
        metrics.count(
          'agentloom_cost_usd_total',
          { workflow: origin.workflow, provider: 'total' },
          usage.costNanoUsd / NANO_PER_USD,
        )
      if (origin.stepType !== 'approval_gate') return
      const decision = event.output === '"approved"' ? 'approved' : 'rejected'
      return metrics.count('agentloom_approval_gates_total', { decision, workflow: origin.workflow })
    }
    case 'step-failed':
      if (event.retryInMs !== null)
        return metrics.count('agentloom_step_retries_total', { step_type: event.origin.stepType })
      return countStep(metrics, event, event.status)
    case 'step-waiting':
      if (event.wait.kind === 'gate')
        metrics.count('agentloom_approval_gates_total', { decision: 'pending', workflow: event.origin.workflow })
      return
    case 'step-lost':
      return metrics.count('agentloom_steps_lost_total')
    case 'webhook':
      metrics.count('agentloom_webhook_deliveries_total', { status: event.outcome, workflow: event.origin.workflow })
      return metrics.measure('agentloom_webhook_latency_seconds', { status: event.outcome }, event.latencyMs / 1_000)
    case 'run-ended': {
      const { workflow, status, createdAtMs } = event
      const labels = { workflow: workflow ?? UNKNOWN, status }
      metrics.count('agentloom_workflow_runs_total', labels)
      if (createdAtMs !== null)
        metrics.measure('agentloom_workflow_duration_seconds', labels, Math.max(0, now() - createdAtMs) / 1_000)
      return
    }
    default:
      return // not counted
  }
}

function countStep(
  metrics: Metrics,
  { origin, usage }: Extract<EngineEvent, { readonly kind: 'step-committed' | 'step-failed' }>,
  status: string,
): void {
  const stream = String(origin.isStreamed)
  metrics.count('agentloom_step_executions_total', { step_type: origin.stepType, status, stream })
  metrics.measure('agentloom_step_duration_seconds', { step_type: origin.stepType, stream }, usage.durationMs / 1_000)
}

function meterCall(metrics: Metrics, call: CallAttempt): void {
  const { provider, model, durationMs, firstTokenMs, usage, outcome, code } = call
  const stream = String(firstTokenMs !== null)
  const genAi = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': provider,
    'gen_ai.request.model': model,
  }
  metrics.count('agentloom_provider_calls_total', { provider, model, stream })
  metrics.measure('gen_ai.client.operation.duration', { ...genAi, stream }, durationMs / 1_000)
  if (outcome === 'failed') metrics.count('agentloom_provider_errors_total', { provider, error_type: code ?? UNKNOWN })
  if (outcome !== 'success') return
  if (firstTokenMs !== null) {
    metrics.count('agentloom_stream_responses_total', { provider, model })
    metrics.measure('gen_ai.client.operation.time_to_first_chunk', genAi, firstTokenMs / 1_000)
  }
  if (usage === null || usage.totalTokens === 0) return
  const tokens = { input: usage.promptTokens, output: usage.completionTokens, reasoning: usage.reasoningTokens }
  for (const [type, count] of Object.entries(tokens))
    if (type !== 'reasoning' || count > 0)
      metrics.measure('gen_ai.client.token.usage', { ...genAi, 'gen_ai.token.type': type }, count)
}
