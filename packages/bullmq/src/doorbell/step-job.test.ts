import { expect, test } from 'vitest'
import { JOB_BYTES_MAX, parseStepJob } from './step-job.ts'

const own = { v: 1, run: 'r', step: 's', epoch: 1 }

test('foreign fields are left out, and only so many of them are read', () => {
  expect(parseStepJob({ ...own, other: 'x' })).toEqual({ kind: 'job', job: own })
  expect(parseStepJob({ ...own, other: 'x'.repeat(JOB_BYTES_MAX) })).toMatchObject({ kind: 'malformed' })
})

test('the reason of a failed step may be long', () => {
  const shown = { ...own, failed: 'x'.repeat(JOB_BYTES_MAX) }
  expect(parseStepJob(shown)).toEqual({ kind: 'job', job: shown })
})

test.each([
  [
    { v: 2, anything: 1 },
    { kind: 'newer', version: 2 },
  ],
  [{ ...own, v: 0 }, { kind: 'malformed' }],
  [null, { kind: 'malformed' }],
])('%j', (data, parsed) => {
  expect(parseStepJob(data)).toMatchObject(parsed)
})
