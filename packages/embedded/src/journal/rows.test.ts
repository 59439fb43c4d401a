import { FORMAT, type JournalRecord, type RunHeader, type StepUsage } from '@agentloom/engine'
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
  fc.record({ kind: fc.constant('skipped' as const), atMs, stepId: text, cause: fc.nat() }),
  fc.record({ kind: fc.constant('reopened' as const), atMs, reason: text, stepIds: fc.array(text) }),
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
      }
      const start = startCellsOf(header, '{}')
      const [run, seq, count, at, body, output, status] = cellsOf({ header, from: 0, records, start: null }, start)
      const row = { run, hash: start.hash, header: start.header, input: start.input, status, error: null, updated: at }
      const rows = {
        header: { ...row, sum: sumOf(row.hash, row.header, row.input) },
        records: [{ seq, body, output, sum: sumOf(body, output) }],
      }
      expect(count).toBe(records.length)
      expect(loadedOf(rows, 0)).toEqual({ header, records })
      expect(loadedOf(rows, 1).records).toEqual(records.slice(1))
    }),
  )
})
