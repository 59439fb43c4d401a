import { createMetrics, METRICS } from '@agentloom/telemetry'
import type { EngineEvent } from '@agentloom/engine'
import type { CallAttempt } from '@agentloom/gateway'
import { expect, test } from 'vitest'
import { createMeter } from './meter.ts'

const usage = { durationMs: 1_500, tokens: 10, costNanoUsd: 2_000_000_000, model: 'm', provider: 'p' }
const origin = { workflow: 'w', stepType: 'llm_call', isStreamed: true } as const
const gate = { workflow: 'w', stepType: 'approval_gate', isStreamed: false } as const
const ids = { runId: 'r', stepId: 's' }
const error = { code: 'x/y', message: 'm', place: null, help: null, retryable: false }

const call: CallAttempt = {
  ...ids,
  provider: 'openai',
  model: 'gpt',
  attempt: 1,
  outcome: 'success',
  code: null,
  status: 200,
  durationMs: 400,
  firstTokenMs: 80,
  usage: { promptTokens: 7, completionTokens: 3, totalTokens: 10, reasoningTokens: 0 },
  costNanoUsd: 5,
}

async function linesAfter(events: readonly EngineEvent[], calls: readonly CallAttempt[] = []): Promise<string[]> {
  const metrics = createMetrics()
  const meter = createMeter(metrics, () => 5_000)
  for (const event of events) meter.engine(event)
  for (const one of calls) meter.call(one)
  return (await metrics.text()).split('\n').filter((line) => !line.startsWith('#') && !line.endsWith(' 0'))
}

test.each<[string, EngineEvent, readonly string[]]>([
  [
    'a step that succeeded',
    { kind: 'step-committed', ...ids, origin, output: '"x"', usage },
    [
      'agentloom_step_executions_total{step_type="llm_call",status="success",stream="true"} 1',
      'agentloom_step_duration_seconds_sum{step_type="llm_call",stream="true"} 1.5',
      'agentloom_step_duration_seconds_bucket{le="2",step_type="llm_call",stream="true"} 1',
      'agentloom_cost_usd_total{workflow="w",provider="total"} 2',
    ],
  ],
  [
    'a step that timed out for good',
    { kind: 'step-failed', ...ids, origin, status: 'timeout', error, usage, retryInMs: null },
    ['agentloom_step_executions_total{step_type="llm_call",status="timeout",stream="true"} 1'],
  ],
  [
    'a step that is tried again',
    { kind: 'step-failed', ...ids, origin, status: 'failed', error, usage, retryInMs: 10 },
    ['agentloom_step_retries_total{step_type="llm_call"} 1'],
  ],
  [
    'a gate that waits',
    { kind: 'step-waiting', ...ids, origin: gate, wait: { kind: 'gate', timeoutMs: null } },
    ['agentloom_approval_gates_total{decision="pending",workflow="w"} 1'],
  ],
  [
    'a gate that was decided',
    { kind: 'step-committed', ...ids, origin: gate, output: '"rejected"', usage },
    ['agentloom_approval_gates_total{decision="rejected",workflow="w"} 1'],
  ],
  [
    'a notification',
    { kind: 'webhook', ...ids, origin: gate, outcome: 'timeout', message: null, latencyMs: 250 },
    [
      'agentloom_webhook_deliveries_total{status="timeout",workflow="w"} 1',
      'agentloom_webhook_latency_seconds_sum{status="timeout"} 0.25',
    ],
  ],
  [
    'the end of a run',
    { kind: 'run-ended', runId: 'r', status: 'success', workflow: 'w', createdAtMs: 2_000 },
    [
      'agentloom_workflow_runs_total{workflow="w",status="success"} 1',
      'agentloom_workflow_duration_seconds_sum{workflow="w",status="success"} 3',
    ],
  ],
  [
    'the end of a run that nobody here knew',
    { kind: 'run-ended', runId: 'r', status: 'timeout', workflow: null, createdAtMs: null },
    ['agentloom_workflow_runs_total{workflow="unknown",status="timeout"} 1'],
  ],
])('%s', async (_, event, lines) => {
  expect(await linesAfter([event])).toEqual(expect.arrayContaining([...lines]))
})

test('calls of models, by provider and model', async () => {
  const failed: CallAttempt = {
    ...call,
    outcome: 'failed',
    code: 'provider/rate-limited',
    firstTokenMs: null,
    usage: null,
  }
  expect(await linesAfter([], [call, failed])).toEqual(
    expect.arrayContaining([
      'agentloom_provider_calls_total{provider="openai",model="gpt",stream="true"} 1',
      'agentloom_provider_calls_total{provider="openai",model="gpt",stream="false"} 1',
      'agentloom_provider_errors_total{provider="openai",error_type="provider/rate-limited"} 1',
      'agentloom_stream_responses_total{provider="openai",model="gpt"} 1',
      'gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt",gen_ai_token_type="input"} 7',
      'gen_ai_client_operation_duration_seconds_sum{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt",stream="true"} 0.4',
      'gen_ai_client_operation_time_to_first_chunk_seconds_sum{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt"} 0.08',
    ]),
  )
})

test('label sets beyond the limit are one', async () => {
  const metrics = createMetrics(2)
  for (const workflow of ['a', 'b', 'c', 'd', 'a'])
    metrics.count('agentloom_workflow_runs_total', { workflow, status: 'success' })
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('agentloom_workflow_runs_total'))
  expect(lines).toEqual([
    'agentloom_workflow_runs_total{workflow="a",status="success"} 2',
    'agentloom_workflow_runs_total{workflow="b",status="success"} 1',
    'agentloom_workflow_runs_total{workflow="other",status="other"} 2',
  ])
})

test('every metric is told of with the help of its name', async () => {
  const text = await createMetrics().text()
  for (const name of Object.keys(METRICS)) expect(text).toContain(` ${name}\n`)
})
