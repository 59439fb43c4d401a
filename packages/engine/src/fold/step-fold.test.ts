import { expect, test } from 'vitest'
import { NO_USAGE, type JournalRecord } from '../journal/record.ts'
import type { Wait } from '../ports/journal.ts'
import { foldSteps, type StepFold } from './step-fold.ts'

const cost = (costNanoUsd: number, durationMs = 0) => ({ ...NO_USAGE, costNanoUsd, durationMs })

const claimed: JournalRecord = { kind: 'claimed', atMs: 1, stepId: 'a', epoch: 1, worker: 'w' }

function waitsFor(wait: Wait, untilMs: number | null = null): JournalRecord {
  return { kind: 'waiting', atMs: 2, stepId: 'a', epoch: 1, wait, usage: NO_USAGE, untilMs }
}

function foldOf(...records: readonly JournalRecord[]): StepFold | undefined {
  return foldSteps('run', records).get('a')
}

test.each([
  [{ kind: 'gate', timeoutMs: 9 }, 'paused'],
  [{ kind: 'timer', delayMs: 9 }, 'parked'],
  [{ kind: 'signal', name: 'go', timeoutMs: null }, 'parked'],
  [{ kind: 'parked', reason: 'ask', message: '', checkMs: null }, 'parked'],
  [{ kind: 'child', runId: 'run.a' }, 'running'],
] as const)('a step that waits for %o is %s', (wait, status) => {
  expect(foldOf(claimed, waitsFor(wait, 11))).toMatchObject({ status, wait, untilMs: 11, wake: null })
})

test('a step is as the child run is that it waits for', () => {
  const wait = waitsFor({ kind: 'child', runId: 'run.a' })
  const mirrored = (status: 'paused' | 'parked' | 'running'): JournalRecord => ({
    kind: 'mirrored',
    atMs: 3,
    stepId: 'a',
    status,
  })
  expect(foldOf(claimed, wait, mirrored('paused'))).toMatchObject({ status: 'paused', childStatus: 'paused' })
  expect(foldOf(claimed, wait, mirrored('paused'), mirrored('parked'))?.status).toBe('parked')
  expect(foldOf(claimed, wait, mirrored('paused'), mirrored('running'))?.status).toBe('running')
})

test('what ended a wait is kept while the step goes on with it, and forgotten when it waits again or is reopened', () => {
  const wake = { kind: 'decided', decision: 'approved', by: null } as const
  const woken: JournalRecord = { kind: 'woken', atMs: 3, stepId: 'a', wake }
  const gate = waitsFor({ kind: 'gate', timeoutMs: null })
  expect(foldOf(claimed, gate, woken)).toMatchObject({ status: 'ready', wait: null, wake })
  expect(foldOf(claimed, gate, woken, claimed)).toMatchObject({ status: 'running', wake, attempts: 1 })
  expect(foldOf(claimed, gate, woken, claimed, gate)).toMatchObject({ status: 'paused', wake: null })
  const reopened: JournalRecord = { kind: 'reopened', atMs: 4, reason: 'x', stepIds: ['a'] }
  expect(foldOf(claimed, gate, woken, reopened)).toBeUndefined()
  expect(foldOf(claimed, gate, woken, reopened, claimed)?.wake).toBeNull()
})

test('notes are paid for, also those of a step that was cut off, and take no time of their own', () => {
  const noted = (costNanoUsd: number | null): JournalRecord => ({
    kind: 'noted',
    atMs: 2,
    stepId: 'a',
    epoch: 1,
    note: '{}',
    usage: costNanoUsd === null ? null : { ...cost(costNanoUsd, 99), tokens: 2, model: 'm' },
  })
  expect(foldOf(claimed, noted(3), noted(null), noted(4))?.usage).toEqual({ ...cost(7), tokens: 4, model: 'm' })
  const committed: JournalRecord = { kind: 'committed', atMs: 3, stepId: 'a', epoch: 1, usage: cost(1, 5), output: '1' }
  expect(foldOf(claimed, noted(3), committed)?.usage).toMatchObject({ costNanoUsd: 4, durationMs: 5, model: 'm' })
})

test('what a failed step leaves is its output', () => {
  const error = { code: 'x/y', message: 'no', place: null, help: null }
  const base = { kind: 'failed', atMs: 2, stepId: 'a', epoch: 1, error, usage: NO_USAGE, retryAtMs: null } as const
  expect(foldOf(claimed, { ...base, status: 'failed', output: '1' })?.output).toBe('1')
  expect(foldOf(claimed, { ...base, status: 'failed' })?.output).toBeNull()
})
