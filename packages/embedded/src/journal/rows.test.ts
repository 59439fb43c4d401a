import { FORMAT, type JournalRecord, type RunHeader, type StepUsage, type Wait, type Wake } from '@agentloom/engine'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sumOf } from '../store/sum.ts'
import { cellsOf, loadedOf, startCellsOf } from './rows.ts'

const text = fc.string({ unit: 'binary' })
const atMs = fc.nat()
const epoch = fc.nat(1_000)
const name = fc.option(text, { nil: null })
const usage: fc.Arbitrary<StepUsage> = fc.record({
  durationMs: fc.double({ min: 0, max: 1e9, noNaN: true }).map((ms) => ms + 0), // JSON has no negative zero
  tokens: fc.nat(),
  costNanoUsd: fc.nat(),
  model: name,
  provider: name,
})
const error = fc.record({ code: text, message: text, place: name, help: name })

const ms = fc.option(fc.nat(), { nil: null })
const wait: fc.Arbitrary<Wait> = fc.oneof(
  fc.record({ kind: fc.constant('gate' as const), timeoutMs: ms }),
  fc.record({ kind: fc.constant('timer' as const), delayMs: fc.nat() }),
  fc.record({ kind: fc.constant('signal' as const), name: text, timeoutMs: ms }),
  fc.record({ kind: fc.constant('child' as const), runId: fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9_.~-]{0,199}$/) }),
  fc.record({ kind: fc.constant('parked' as const), reason: text, message: text, checkMs: ms }),
)
const wake: fc.Arbitrary<Wake> = fc.oneof(
  fc.record({ kind: fc.constant('decided' as const), decision: text, by: name }),
  fc.record({ kind: fc.constant('signalled' as const), payload: text }),
  fc.constant({ kind: 'elapsed' as const }),
  fc.record({ kind: fc.constant('child-ended' as const), runId: text, status: fc.constant('success' as const) }),
)

const committed = fc.record({ kind: fc.constant('committed' as const), atMs, stepId: text, epoch, usage, output: text })
const other: fc.Arbitrary<JournalRecord> = fc.oneof(
  fc.record({ kind: fc.constant('claimed' as const), atMs, stepId: text, epoch, worker: text }),
  fc.record({
    kind: fc.constant('failed' as const),
    atMs,
    stepId: text,
    epoch,
    status: fc.constantFrom('failed' as const, 'timeout' as const),
    error,
    usage,
    retryAtMs: fc.option(atMs, { nil: null }),
  }),
  fc.record({
    kind: fc.constant('failed' as const),
    atMs,
    stepId: text,
    epoch,
    status: fc.constant('failed' as const),
    error,
    usage,
    retryAtMs: fc.constant(null),
    output: text,
  }),
  fc.record({ kind: fc.constant('skipped' as const), atMs, stepId: text, cause: fc.nat() }),
  fc.record({ kind: fc.constant('reopened' as const), atMs, reason: text, stepIds: fc.array(text) }),
  fc.record({
    kind: fc.constant('noted' as const),
    atMs,
    stepId: text,
    epoch,
    note: text,
    usage: fc.option(usage, { nil: null }),
  }),
  fc.record({
    kind: fc.constant('waiting' as const),
    atMs,
    stepId: text,
    epoch,
    wait,
    usage,
    untilMs: fc.option(atMs, { nil: null }),
  }),
  fc.record({ kind: fc.constant('woken' as const), atMs, stepId: text, wake }),
  fc.record({ kind: fc.constant('mirrored' as const), atMs, stepId: text, status: fc.constant('paused' as const) }),
  fc.record({ kind: fc.constant('signalled' as const), atMs, name: text, payload: text }),
  fc.record({ kind: fc.constant('closing' as const), atMs, status: fc.constant('timeout' as const), error }),
  fc.record({ kind: fc.constant('ended' as const), atMs, status: fc.constant('failed' as const), error }),
)

test('records come back from their row as they went in, whatever the texts', () => {
  fc.assert(
    fc.property(fc.array(other, { maxLength: 4 }), committed, text, (others, commit, input) => {
      const records: readonly JournalRecord[] = [...others, commit]
      const header: RunHeader = {
        runId: 'run',
        workflow: 'wf',
        definition: 'd',
        input,
        tenant: null,
        priority: 0,
        tags: [input],
        status: 'running',
        error: null,
        createdAtMs: 1,
        updatedAtMs: commit.atMs,
        format: FORMAT,
        budgetNanoUsd: 5,
        timeoutMs: null,
        parent: { runId: 'p', stepId: input, rootRunId: 'p' },
      }
      const start = startCellsOf(header, '{}')
      const [run, seq, count, at, body, output, status] = cellsOf({ header, from: 0, records, start: null }, start)
      const row = { run, hash: start.hash, header: start.header, input: start.input, status, error: null, updated: at }
      const { limits } = start
      const rows = {
        header: { ...row, limits, sum: sumOf(row.hash, row.header, row.input) },
        records: [{ seq, body, output, sum: sumOf(body, output) }],
      }
      expect(count).toBe(records.length)
      expect(loadedOf(rows, 0)).toEqual({ header, records })
      expect(loadedOf(rows, 1).records).toEqual(records.slice(1))
    }),
  )
})
