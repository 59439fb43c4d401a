import { compileYaml } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { type JournalRecord, NO_USAGE } from '../journal/record.ts'
import { redactRecord } from './redact-record.ts'

const planOf = (schema: string) =>
  compileYaml(
    `name: w\nstate: {key: sesame-1}\nstate_schema: {${schema}}\nsteps: [{id: a, type: function, handler: h, output: key}]`,
  ).plan
const error = { code: 'a/b', message: 'sesame-1 is wrong', place: null, help: null }
const step = { atMs: 1, stepId: 'a', epoch: 1 }
const records: readonly JournalRecord[] = [
  { kind: 'started', atMs: 1 },
  { ...step, kind: 'committed', usage: NO_USAGE, output: '"sesame-1"' },
  { ...step, kind: 'failed', status: 'failed', error, usage: NO_USAGE, retryAtMs: null, output: '{"key":"sesame-1"}' },
  { ...step, kind: 'noted', note: '{"asked":"sesame-1"}', usage: null },
  { ...step, kind: 'woken', wake: { kind: 'signalled', payload: '{"key":"sesame-1"}' } },
  { kind: 'signalled', atMs: 1, name: 'key', payload: '"sesame-1"' },
  { kind: 'closing', atMs: 1, status: 'failed', error },
  { kind: 'ended', atMs: 1, status: 'failed', error },
]

test('no record tells what is redacted, and each keeps its kind', () => {
  const told = records.map((record) => redactRecord(planOf('key: {redact: true}'), record))
  expect(JSON.stringify(told)).not.toContain('sesame-1')
  expect(told.map(({ kind }) => kind)).toEqual(records.map(({ kind }) => kind))
})

test('where nothing is hidden they are as they were', () => {
  for (const record of records) expect(redactRecord(planOf(''), record)).toBe(record)
})
