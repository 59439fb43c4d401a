// The metric names that dashboards query: an interface, spelled once. The first group is that of the Python engine.

const CALL_SECONDS = [0.1, 0.5, 1, 2, 5, 10, 30] as const
const STEP_SECONDS = [...CALL_SECONDS, 60] as const
const FIRST_CHUNK_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10] as const
const TOOL_SECONDS = [0.01, 0.05, ...STEP_SECONDS] as const
/** Powers of four: calls span one token to a million. */
const TOKENS = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576] as const
/** Runs last from a blink to days of waiting for a person. */
const RUN_SECONDS = [0.1, 1, 10, 60, 600, 3_600, 86_400] as const

/** What a metric is: its kind, unit, labels, and for histograms the upper bounds of the buckets. */
export interface Metric {
  readonly kind: 'counter' | 'histogram' | 'gauge'
  readonly unit: 's' | 'USD' | '{token}' | null
  readonly labels: readonly string[]
  readonly buckets?: readonly number[]
}

const GEN_AI = ['gen_ai.operation.name', 'gen_ai.provider.name', 'gen_ai.request.model'] as const

const counter = (labels: readonly string[], unit: Metric['unit'] = null): Metric => ({ kind: 'counter', unit, labels })
const gauge = (labels: readonly string[], unit: Metric['unit'] = null): Metric => ({ kind: 'gauge', unit, labels })
const seconds = (labels: readonly string[], buckets: readonly number[]): Metric => ({
  kind: 'histogram',
  unit: 's',
  labels,
  buckets,
})

/** Every metric by its OpenTelemetry name. `prometheusName` gives the other spelling. */
export const METRICS = {
  agentloom_workflow_runs_total: counter(['workflow', 'status']),
  agentloom_workflow_duration_seconds: seconds(['workflow', 'status'], RUN_SECONDS),
  agentloom_cost_usd_total: counter(['workflow', 'provider'], 'USD'),
  agentloom_step_executions_total: counter(['step_type', 'status', 'stream']),
  agentloom_step_duration_seconds: seconds(['step_type', 'stream'], STEP_SECONDS),
  agentloom_attachments_total: counter(['step_type']),
  agentloom_provider_calls_total: counter(['provider', 'model', 'stream']),
  agentloom_provider_errors_total: counter(['provider', 'error_type']),
  'gen_ai.client.operation.duration': seconds([...GEN_AI, 'stream'], CALL_SECONDS),
  'gen_ai.client.token.usage': {
    kind: 'histogram',
    unit: '{token}',
    labels: [...GEN_AI, 'gen_ai.token.type'],
    buckets: TOKENS,
  },
  'gen_ai.client.operation.time_to_first_chunk': seconds(GEN_AI, FIRST_CHUNK_SECONDS),
  agentloom_stream_responses_total: counter(['provider', 'model']),
  agentloom_tool_calls_total: counter(['tool_name', 'status']),
  agentloom_tool_call_duration_seconds: seconds(['tool_name'], TOOL_SECONDS),
  agentloom_approval_gates_total: counter(['decision', 'workflow']),
  agentloom_webhook_deliveries_total: counter(['status', 'workflow']),
  agentloom_webhook_latency_seconds: seconds(['status'], CALL_SECONDS),
  agentloom_mock_replays_total: counter(['workflow', 'matched_by']),
  agentloom_recording_captures_total: counter(['provider', 'model']),
  agentloom_recording_latency_seconds: seconds(['provider', 'model'], CALL_SECONDS),
  agentloom_circuit_breaker_state: gauge(['provider']),
  agentloom_budget_remaining_usd: gauge(['workflow'], 'USD'),

  agentloom_step_retries_total: counter(['step_type']),
  agentloom_steps_lost_total: counter([]),
  agentloom_repairs_total: counter(['cause']),
  agentloom_worker_errors_total: counter(['during']),
  agentloom_worker_steps_held: gauge([]),
  agentloom_queue_jobs: gauge(['queue', 'state']),
  agentloom_queue_oldest_seconds: gauge(['queue'], 's'),
  agentloom_runs: gauge(['status']),
  agentloom_overdue: gauge([]),
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof METRICS

/** The name under which Prometheus has it: underscores for dots, and the unit at the end of a gen_ai duration. */
export function prometheusName(name: MetricName): string {
  const plain = name.replaceAll('.', '_')
  return METRICS[name].unit === 's' && !plain.endsWith('_seconds') ? `${plain}_seconds` : plain
}
