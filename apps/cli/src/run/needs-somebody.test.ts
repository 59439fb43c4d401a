import type { JournalRecord, Wait } from '@agentloom/engine'
import { testHeader } from '@agentloom/engine/testing'
import { expect, test } from 'vitest'
import { needsSomebody } from './needs-somebody.ts'

const usage = { durationMs: 0, tokens: 0, costNanoUsd: 0, model: null, provider: null }
const waiting = (stepId: string, wait: Wait): JournalRecord => ({
  kind: 'waiting',
  atMs: 1,
  stepId,
  epoch: 1,
  wait,
  usage,
  untilMs: null,
})
const parked = (reason: string): Wait => ({ kind: 'parked', reason, message: '', checkMs: null })
const gate: Wait = { kind: 'gate', timeoutMs: null }
const woken: JournalRecord = { kind: 'woken', atMs: 1, stepId: 'b', wake: { kind: 'signalled', payload: '1' } }
const spent: JournalRecord = { kind: 'paused', atMs: 1, reason: 'awaiting_budget' }
const more: JournalRecord = { kind: 'reopened', atMs: 1, reason: 'resumed', stepIds: [] }
const header = testHeader({ status: 'parked' })

test.each([
  ['a quarantined step', [waiting('a', parked('quarantined'))], true],
  [
    'one beside a step that others wake',
    [waiting('a', parked('quarantined')), waiting('b', parked('no-handler'))],
    false,
  ],
  [
    'one beside a step that was woken',
    [waiting('b', parked('no-handler')), waiting('a', parked('quarantined')), woken],
    true,
  ],
  ['a child run whose budget is spent', [waiting('s', { kind: 'child', runId: 'run.s' })], true],
  ['a child run at work', [waiting('s', { kind: 'child', runId: 'run.t' })], false],
  ['a quarantined step beside a gate', [waiting('a', parked('quarantined')), waiting('g', gate)], true],
  ['a spent budget', [spent], true],
  ['a budget that was raised', [spent, more], false],
])('a parked run with %s', async (_, records, needs) => {
  const child = { header: { ...header, runId: 'run.s' }, records: [spent] }
  const working = { header: { ...header, status: 'running' as const }, records: [spent] }
  const load = async (runId: string) => (runId === 'run.s' ? child : runId === 'run.t' ? working : null)
  expect(await needsSomebody({ header, records }, load)).toBe(needs)
  expect(await needsSomebody({ header: { ...header, status: 'running' }, records }, load)).toBe(false)
})
