import { compileYaml } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import type { JournalRecord } from '../journal/record.ts'
import { NO_USAGE } from '../journal/record.ts'
import type { LoadedRun, RunStatus } from '../ports/journal.ts'
import { viewRun } from './run-view.ts'

const { plan } = compileYaml(`name: w
steps:
  - {id: done, type: function, handler: f}
  - {id: cut_off, type: function, handler: f}
  - {id: failed_once, type: function, handler: f}
`)

const error = { code: 'a/b', message: 'no', place: null, help: null }
const records: readonly JournalRecord[] = [
  { kind: 'claimed', atMs: 1, stepId: 'done', epoch: 1, worker: 'w' },
  { kind: 'claimed', atMs: 1, stepId: 'cut_off', epoch: 1, worker: 'w' },
  { kind: 'claimed', atMs: 1, stepId: 'failed_once', epoch: 1, worker: 'w' },
  {
    kind: 'failed',
    atMs: 2,
    stepId: 'failed_once',
    epoch: 1,
    status: 'failed',
    error,
    usage: { ...NO_USAGE, tokens: 5, costNanoUsd: 7 },
    retryAtMs: 9,
  },
  {
    kind: 'committed',
    atMs: 3,
    stepId: 'done',
    epoch: 1,
    output: '1',
    usage: { ...NO_USAGE, tokens: 2, costNanoUsd: 3 },
  },
]

function loaded(status: RunStatus, more: readonly JournalRecord[] = []): LoadedRun {
  const header = {
    runId: 'r',
    workflow: 'w',
    definition: plan.hash,
    input: '{}',
    tenant: null,
    priority: 0,
    tags: [],
    status,
    error: null,
    createdAtMs: 0,
    updatedAtMs: 3,
    format: 1,
    budgetNanoUsd: null,
    timeoutMs: null,
    parent: null,
  }
  return { header, records: [...records, ...more] }
}

test.each(['budget_exceeded', 'timeout', 'cancelled'] as const)(
  '%s: steps that were cut off are not listed, but paid for',
  (status) => {
    const view = viewRun(plan, loaded(status, [{ kind: 'ended', atMs: 3, status, error: null }]))
    expect(view.steps.map(({ id, status: is }) => `${id} ${is}`)).toEqual(['done success'])
    expect(view.tokens).toBe(7)
    expect(view.costNanoUsd).toBe(10)
  },
)

test('while the run lives, they are listed', () => {
  const { steps } = viewRun(plan, loaded('running'))
  expect(steps.map(({ id, status }) => `${id} ${status}`)).toEqual([
    'cut_off running',
    'done success',
    'failed_once waiting',
  ])
})
