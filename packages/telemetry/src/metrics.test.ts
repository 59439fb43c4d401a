import { expect, test } from 'vitest'
import { METRICS, prometheusName } from './metrics.ts'

test('Prometheus has the dotted names with underscores and the unit of time', () => {
  expect(prometheusName('gen_ai.client.operation.duration')).toBe('gen_ai_client_operation_duration_seconds')
  expect(prometheusName('gen_ai.client.token.usage')).toBe('gen_ai_client_token_usage')
  expect(prometheusName('agentloom_step_duration_seconds')).toBe('agentloom_step_duration_seconds')
})

test('buckets rise', () => {
  for (const metric of Object.values(METRICS)) {
    if (!('buckets' in metric)) continue
    const buckets = metric.buckets
    expect(buckets).toEqual([...new Set(buckets)].toSorted((a, b) => a - b))
  }
})
