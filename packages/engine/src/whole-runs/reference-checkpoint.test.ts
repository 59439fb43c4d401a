import { writeValue, type Value } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { viewRun } from '../fold/run-view.ts'
import { MemoryJournal } from '../journal/memory-journal.ts'
import { restartCommand } from '../start.ts'
import { importReference, type ImportedRun } from './reference-checkpoint.ts'

// Written down as the Python engine writes its files: every field of a step, unset ones null or empty.
const EMPTY_STEP = {
  name: null,
  depends_on: [],
  timeout: null,
  retry: { max_retries: 3, delay_seconds: 1, backoff_multiplier: 2, max_delay_seconds: 60 },
  output: null,
  stream: null,
  prompt: null,
  system_prompt: null,
  provider: null,
  model: null,
  temperature: null,
  max_tokens: null,
  attachments: [],
  thinking: null,
  tools: [],
  tool_choice: 'auto',
  max_tool_iterations: 5,
  tool_name: null,
  tool_args: {},
  conditions: [],
  default: null,
  workflow_path: null,
  workflow_inline: null,
  isolated_state: false,
  input: {},
  return_keys: null,
  notify: null,
  timeout_seconds: null,
  on_timeout: null,
}

const step = (id: string, type: string, fields: object = {}) => ({ ...EMPTY_STEP, id, type, ...fields })

const result = (step_id: string, status: string, fields: object = {}) => ({
  step_id,
  status,
  output: null,
  error: null,
  duration_ms: 12.5,
  token_usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7, reasoning_tokens: 0 },
  cost_usd: 0.25,
  model: null,
  provider: null,
  attachment_count: 0,
  time_to_first_token_ms: null,
  prompt_metadata: null,
  ...fields,
})

interface Given {
  readonly steps: readonly object[]
  readonly results: readonly { readonly step_id: string; readonly status: string }[]
  readonly status: string
  readonly state?: object
  readonly runId?: string
}

function checkpoint({ steps, results, status, state = {}, runId = '3f2a9c1b7d40' }: Given) {
  return {
    workflow_name: 'flow',
    run_id: runId,
    workflow_definition: {
      name: 'flow',
      version: '1.0',
      description: '',
      config: {},
      state: { topic: 'tea' },
      state_schema: {},
      steps,
    },
    state: { topic: 'coffee', ...state, steps: {}, _approval: {} },
    step_results: Object.fromEntries(results.map((one) => [one.step_id, one])),
    completed_steps: results.flatMap((one) => (one.status === 'success' ? [one.step_id] : [])).toSorted(),
    status,
    paused_step_id: results.find((one) => one.status === 'paused')?.step_id ?? null,
    created_at: '2026-11-23T22:29:41.123456+00:00',
    updated_at: '2026-11-23T22:30:00.000000+00:00',
  }
}

const NOTHING = { below: () => null, fileText: () => null, parent: null }

const imported = (given: Given): ImportedRun => importReference(checkpoint(given), NOTHING)
const statuses = ({ plan, run }: ImportedRun) =>
  viewRun(plan, run).steps.map(({ id, status, error }) => [id, status, error?.message ?? null])

/** What a journal offers of it: the steps that go on. */
async function offered({ plan, run }: ImportedRun): Promise<readonly string[]> {
  const journal = new MemoryJournal({ now: () => 0, offerMs: null, hasLeases: false })
  const start = { ...restartCommand(plan, run.header), definitionText: run.definitionText }
  const reply = await journal.restore({ start, records: run.records, replaces: null }, plan)
  return reply.outcome === 'restored' ? [reply.status, ...reply.offers.map(({ stepId }) => stepId)] : []
}

const gated = [
  step('draft', 'llm_call', { prompt: 'p {state.topic}', output: 'text' }),
  step('gate', 'approval_gate', { depends_on: ['draft'], output: 'verdict' }),
  step('send', 'tool', { depends_on: ['gate'], tool_name: 'echo' }),
]

test('a paused run keeps its id, results, costs and state, and waits at its gate', async () => {
  const run = imported({
    steps: gated,
    results: [result('draft', 'success', { output: 'a text', model: 'm', provider: 'p' }), result('gate', 'paused')],
    status: 'paused',
    state: { text: 'a text' },
  })
  const view = viewRun(run.plan, run.run)
  expect(view).toMatchObject({ runId: '3f2a9c1b7d40', workflow: 'flow', status: 'paused', tokens: 7 })
  expect(view.costNanoUsd).toBe(250_000_000)
  expect(writeValue({ topic: view.state['topic'] as Value, text: view.state['text'] as Value })).toBe(
    '{"topic":"coffee","text":"a text"}',
  )
  expect(view.steps).toMatchObject([
    { id: 'draft', status: 'success', model: 'm', provider: 'p' },
    { id: 'gate', status: 'paused', waitingAt: ['gate'] },
  ])
  expect(run.run.header).toMatchObject({ createdAtMs: Date.parse('2026-11-23T22:29:41.123Z'), parent: null })
  expect(await offered(run)).toEqual(['paused'])
})

const routed = [
  step('route', 'router', { conditions: [{ expression: 'true', target: 'a' }], default: 'b' }),
  step('a', 'tool', { depends_on: ['route'], tool_name: 'echo' }),
  step('b', 'tool', { depends_on: ['route'], tool_name: 'echo' }),
  step('behind', 'tool', { depends_on: ['b'], tool_name: 'echo' }),
]

test('what a router skipped stays skipped, and what was skipped by a failure names it', async () => {
  const run = imported({
    steps: routed,
    results: [
      result('route', 'success', { output: 'a' }),
      result('a', 'success', { output: 1 }),
      result('b', 'skipped'),
      result('behind', 'skipped'),
    ],
    status: 'success',
  })
  expect(statuses(run)).toEqual([
    ['route', 'success', null],
    ['a', 'success', null],
    ['b', 'skipped', null],
    ['behind', 'skipped', null],
  ])
  const failed = imported({
    steps: gated,
    results: [
      result('draft', 'failed', { error: 'no model' }),
      result('gate', 'skipped', { error: 'skipped due to upstream failure: draft' }),
      result('send', 'skipped', { error: 'skipped due to upstream failure: draft' }),
    ],
    status: 'failed',
  })
  expect(statuses(failed)).toEqual([
    ['draft', 'failed', 'no model'],
    ['gate', 'skipped', 'skipped due to upstream failure: draft'],
    ['send', 'skipped', 'skipped due to upstream failure: draft'],
  ])
  expect(failed.run.header).toMatchObject({ status: 'failed', error: { message: 'no model' } })
})

test('steps of which nothing is said go on when the run does', async () => {
  const run = imported({ steps: gated.slice(0, 1), results: [], status: 'running' })
  expect(await offered(run)).toEqual(['queued', 'draft'])
})

test('a gate inside a sub-workflow waits in its own run, where that has a checkpoint', async () => {
  const steps = [step('sub', 'subworkflow', { workflow_path: 'inner.yaml', output: 'sub' })]
  const results = [result('sub', 'paused', { error: 'sub.gate' })]
  const parent = checkpoint({ steps, results, status: 'paused' })
  const child = checkpoint({
    steps: [gated[1]!].map((gate) => ({ ...gate, depends_on: [] })),
    results: [result('gate', 'paused')],
    status: 'paused',
    runId: '3f2a9c1b7d40.sub',
  })
  const below = (runId: string) => (runId === child.run_id ? child : null)
  const run = importReference(parent, { ...NOTHING, below })
  expect(run.run.records.map(({ kind }) => kind)).toEqual(['started', 'claimed', 'waiting', 'mirrored'])
  expect(await offered(run)).toEqual(['paused'])
  const fileText = () => 'name: inner\nsteps:\n  - {id: gate, type: approval_gate}\n'
  const alone = importReference(parent, { ...NOTHING, fileText })
  expect(alone.run.records.map(({ kind }) => kind)).toEqual(['started'])
})

test('values that a redaction has taken are named', () => {
  const sentinel = '<REDACTED:sha256=0123456789abcdef>'
  const { redacted } = imported({
    steps: gated,
    results: [result('draft', 'success', { output: { key: sentinel } })],
    status: 'paused',
    state: { secret: sentinel },
  })
  expect(redacted).toEqual(['state.secret', 'step_results.draft.output.key'])
})

test.each([
  ['no run id', { workflow_name: 'x', workflow_definition: {} }, 'run_id'],
  [
    'a run id that is none',
    { ...checkpoint({ steps: gated, results: [], status: 'paused' }), run_id: '../x' },
    'run_id',
  ],
  ['a status that there is not', { ...checkpoint({ steps: gated, results: [], status: 'odd' }) }, 'status'],
])('%s is refused by name', (_, value, place) => {
  expect(() => importReference(value, NOTHING)).toThrow(
    expect.objectContaining({ code: 'checkpoint/not-importable', message: expect.stringContaining(place) }),
  )
})
