import { CorruptJournalError, type Change, type JournalRecord, type LoadedRun, type RunHeader } from '@agentloom/engine'
import { z } from 'zod'
import type { ChangeCells, HeaderRow, LimitCells, RecordRow, RunRows, StartCells } from '../store/messages.ts'
import { sumOf } from '../store/sum.ts'
import { recordText } from './record-text.ts'
import { fixedHeader, limitsSchema, recordSchema, runStatus, storedError } from './record-schema.ts'

/** Between the engine's words and the store's cells. An output has a cell of its own: inside the list every quote of it would be escaped. */
export function cellsOf(change: Change, start: StartCells | null): ChangeCells {
  const { header, from, records } = change
  let output: string | null = null
  let body = ''
  for (const record of records) {
    if (record.kind === 'committed') {
      if (output !== null) throw new Error('a change commits two steps')
      output = record.output
    }
    body += body === '' ? recordText(record) : `,${recordText(record)}`
  }
  const error = header.error === null ? null : JSON.stringify(header.error)
  const at = records.at(-1)?.atMs ?? header.updatedAtMs
  const news = start ?? (records.some(({ kind }) => kind === 'reopened') ? limitCellsOf(header) : null)
  return [header.runId, from, records.length, at, `[${body}]`, output, header.status, error, news]
}

function limitCellsOf({ budgetNanoUsd, timeoutMs }: RunHeader): LimitCells {
  return { kind: 'limits', limits: JSON.stringify({ budgetNanoUsd, timeoutMs }) }
}

export function startCellsOf(header: RunHeader, definition: string | null): StartCells {
  const { workflow, tenant, priority, tags, createdAtMs, format, parent } = header
  return {
    kind: 'start',
    hash: header.definition,
    definition,
    workflow: workflow.toWellFormed(), // a lone surrogate would come back as another character
    header: JSON.stringify({ workflow, tenant, priority, tags, createdAtMs, format, parent }),
    limits: limitCellsOf(header).limits,
    parent: parent?.runId ?? null,
    input: header.input,
    created: createdAtMs,
  }
}

/** @throws {CorruptJournalError} */
export function headerOf(row: HeaderRow): RunHeader {
  const { run: runId, hash, input, sum } = row
  if (sumOf(hash, row.header, input) !== sum) throw new CorruptJournalError(runId, 'the sum of its first row is wrong')
  const fixed = parsed(runId, fixedHeader, json(runId, row.header), 'its header')
  return {
    ...fixed,
    runId,
    definition: hash,
    input,
    status: parsed(runId, runStatus, row.status, 'its status'),
    error: parsed(runId, storedError, row.error === null ? null : json(runId, row.error), 'its error'),
    updatedAtMs: row.updated,
    ...parsed(runId, limitsSchema, row.limits === null ? {} : json(runId, row.limits), 'its limits'),
  }
}

/** @throws {CorruptJournalError} */
export function loadedOf({ header, records }: RunRows, from: number): LoadedRun {
  const all: JournalRecord[] = []
  const first = records[0]?.seq ?? 0
  for (const row of records) {
    if (row.seq !== first + all.length)
      throw new CorruptJournalError(header.run, `record ${first + all.length} is missing`)
    all.push(...recordsOf(header.run, row))
  }
  return { header: headerOf(header), records: all.slice(Math.max(0, from - first)) }
}

function recordsOf(runId: string, { seq, body, output, sum }: RecordRow): readonly JournalRecord[] {
  if (sumOf(body, output) !== sum) throw new CorruptJournalError(runId, `the sum of record ${seq} is wrong`)
  const list = parsed(runId, z.array(z.looseObject({ kind: z.string() })), json(runId, body), `record ${seq}`)
  return list.map((record, index) => {
    const whole = record.kind === 'committed' ? { ...record, output } : record
    return parsed(runId, recordSchema, whole, `record ${seq + index}`)
  })
}

function json(runId: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CorruptJournalError(runId, 'a row holds no JSON')
  }
}

function parsed<Type>(runId: string, schema: z.ZodType<Type>, value: unknown, what: string): Type {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new CorruptJournalError(runId, `${what} is not as it was written (${result.error.issues[0]?.message ?? ''})`)
}
