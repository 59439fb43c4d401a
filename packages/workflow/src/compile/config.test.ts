// workflow-format.md §3 to §5, row by row: what a setting is without a word, and what it becomes.
import { describe, expect, test } from 'vitest'
import type { Plan, StepSpec } from '../plan/plan.ts'
import { compileYaml } from './from-yaml.ts'
import { isBroken } from './step/reads.ts'

const plan = (config: string, step = ''): Plan =>
  compileYaml(`name: w\nconfig: {${config}}\nsteps: [{id: a, type: llm_call, prompt: p${step}}]`).plan
const stepOf = (step: string): StepSpec | undefined => plan('', step).nodes[0]?.step

describe('config', () => {
  test.each<[written: string, where: (plan: Plan) => unknown, byDefault: unknown, becomes: unknown]>([
    ['provider: mock', ({ config }) => config.provider, 'openai', 'mock'],
    ['model: m', ({ nodes }) => nodes[0]?.step.type === 'llm_call' && nodes[0].step.model, 'gpt-4o-mini', 'm'],
    ['max_retries: 7', ({ nodes }) => nodes[0]?.step.retry.retriesMax, 3, 7],
    ['budget_usd: 1.5', ({ config }) => config.budgetNanoUsd, null, 1_500_000_000],
    ['budget_usd: 0', ({ config }) => config.budgetNanoUsd, null, 0],
    ['budget_usd: null', ({ config }) => config.budgetNanoUsd, null, null],
    ['timeout: 2.5', ({ config }) => config.timeoutMs, null, 2_500],
    ['timeout: 0', ({ config }) => config.timeoutMs, null, null],
    ['max_concurrent_steps: 3', ({ config }) => config.maxConcurrentSteps, 10, 3],
    ['stream: on', ({ config }) => config.stream, false, true],
    ['on_step_failure: continue', ({ config }) => config.onStepFailure, 'skip_downstream', 'continue'],
    ['on_budget: park', ({ config }) => config.onBudget, 'stop', 'park'],
    ['queue: gpu', ({ config }) => config.queue, null, 'gpu'],
    [
      'concurrency: {key: "{state.tenant}"}',
      ({ config }) =>
        config.concurrency && [config.concurrency.key.text, config.concurrency.limit, config.concurrency.weight],
      null,
      ['{state.tenant}', null, 1],
    ],
    [
      'concurrency: {key: all, limit: 5, weight: 3}',
      ({ config }) =>
        config.concurrency && [config.concurrency.key.text, config.concurrency.limit, config.concurrency.weight],
      null,
      ['all', 5, 3],
    ],
    ['provider: mock, latency_model: normal', ({ config }) => config.mock?.latencyModel, undefined, 'normal'],
    ['provider: mock, latency_ms: 5', ({ config }) => config.mock?.latencyMs, undefined, 5],
    ['provider: mock, latency_ms: -1', ({ config }) => config.mock?.latencyMs, undefined, 0],
    ['sandbox: {enabled: yes}', ({ config }) => config.sandbox.enabled, false, true],
    ['sandbox: {allowed_commands: [ls]}', ({ config }) => config.sandbox.allowedCommands, [], ['ls']],
    ['sandbox: {allowed_paths: [a]}', ({ config }) => config.sandbox.allowedPaths, [], ['a']],
    ['sandbox: {readable_paths: [a]}', ({ config }) => config.sandbox.readablePaths, [], ['a']],
    ['sandbox: {writable_paths: [a]}', ({ config }) => config.sandbox.writablePaths, [], ['a']],
    ['sandbox: {allow_network: no}', ({ config }) => config.sandbox.allowNetwork, true, false],
    ['sandbox: {allowed_domains: [a.b]}', ({ config }) => config.sandbox.allowedDomains, [], ['a.b']],
    [
      'sandbox: {allowed_schemes: [https]}',
      ({ config }) => config.sandbox.allowedSchemes,
      ['http', 'https'],
      ['https'],
    ],
    [
      'sandbox: {allowed_schemes: []}',
      ({ config }) => config.sandbox.allowedSchemes,
      ['http', 'https'],
      ['http', 'https'],
    ],
    ['sandbox: {max_write_bytes: 9}', ({ config }) => config.sandbox.maxWriteBytes, null, 9],
    ['sandbox: {danger_opt_in: [sh]}', ({ config }) => config.sandbox.dangerOptIn, [], ['sh']],
    [
      'sandbox: {allow_internal_webhook_targets: on}',
      ({ config }) => config.sandbox.allowInternalWebhookTargets,
      false,
      true,
    ],
  ])('%s', (written, where, byDefault, becomes) => {
    expect(where(plan(''))).toEqual(byDefault)
    expect(where(plan(written))).toEqual(becomes)
  })
})

describe('a step', () => {
  test.each<[written: string, where: (step: StepSpec | undefined) => unknown, byDefault: unknown, becomes: unknown]>([
    ['timeout: 0.5', (step) => step?.timeoutMs, null, 500],
    ['timeout: 0', (step) => step?.timeoutMs, null, null],
    ['output: ""', (step) => step?.output, null, null],
    ['output: a.b', (step) => step?.output, null, { text: 'a.b', segments: ['a', 'b'] }],
    ['retry: {max_retries: 0}', (step) => step?.retry.retriesMax, 3, 0],
    ['retry: {backoff_base: 1.5}', (step) => step?.retry.backoffBase, 2, 1.5],
    ['retry: {backoff_max: 0.25}', (step) => step?.retry.backoffMaxMs, 60_000, 250],
    ['retry: {jitter: no}', (step) => step?.retry.jitter, true, false],
    [
      'retry: {retryable_status_codes: [418]}',
      (step) => step?.retry.retryableStatusCodes,
      [429, 500, 502, 503, 504],
      [418],
    ],
    ['join: any', (step) => step?.join, 'all', 'any'],
    ['queue: gpu', (step) => step?.queue, null, 'gpu'],
    ['priority: 2', (step) => step?.priority, null, 2],
  ])('%s', (written, where, byDefault, becomes) => {
    expect(where(stepOf(''))).toEqual(byDefault)
    expect(where(stepOf(`, ${written}`))).toEqual(becomes)
  })

  test("its own retries are stronger than the workflow's, its own stream too", () => {
    expect(plan('max_retries: 7', ', retry: {max_retries: 1}').nodes[0]?.step.retry.retriesMax).toBe(1)
    expect(plan('max_retries: 7', ', retry: {jitter: no}').nodes[0]?.step.retry.retriesMax).toBe(7)
    expect(plan('stream: yes', ', stream: no').nodes[0]?.step).toMatchObject({ stream: false })
    expect(plan('stream: yes', ', stream: null').nodes[0]?.step).toMatchObject({ stream: true })
  })
})

describe('strict_outputs', () => {
  const two = (config: string, depends = '') =>
    compileYaml(
      `name: w\nconfig: {${config}}\nsteps: [{id: a, type: tool, tool_name: t, output: o}, {id: b, type: tool, tool_name: t, output: o${depends}}]`,
    )
  test('warns of two unordered writers of one key, and refuses them when asked', () => {
    expect(two('').warnings.map(({ code }) => code)).toEqual(['workflow/output-collision'])
    expect(() => two('strict_outputs: true')).toThrow(expect.objectContaining({ code: 'workflow/output-collision' }))
    expect(two('strict_outputs: true', ', depends_on: [a]').warnings).toEqual([])
  })
})

test.each([
  ['queue: "a:b"', 'workflow/schema', 'config.queue'],
  ['concurrency: {limit: 5}', 'workflow/schema', 'config.concurrency.key'],
  ['concurrency: {key: k, limit: 0}', 'workflow/schema', 'config.concurrency.limit'],
  ['concurrency: {key: k, weight: 1001}', 'workflow/schema', 'config.concurrency.weight'],
  ['concurrency: {key: "{state.x"}', 'template/syntax', 'config.concurrency.key'],
])('config: {%s} is refused', (config, code, place) => {
  expect(() => plan(config)).toThrow(expect.objectContaining({ code, place: expect.stringContaining(place) }))
})

test('a child’s steps are in the pool of the step that runs it, or in its own', () => {
  const { nodes } = compileYaml(`
name: w
config: {queue: cpu}
steps:
  - {id: a, type: subworkflow, workflow_inline: {name: c, steps: []}}
  - {id: b, type: subworkflow, queue: gpu, workflow_inline: {name: c, steps: []}}
  - {id: c, type: subworkflow, queue: gpu, workflow_inline: {name: c, config: {queue: own}, steps: []}}
`).plan
  const pools = nodes.map(({ step }) => step.type === 'subworkflow' && !isBroken(step.child) && step.child.config.queue)
  expect(pools).toEqual(['cpu', 'gpu', 'own'])
})
