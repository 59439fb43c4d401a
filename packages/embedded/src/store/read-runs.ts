import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { HeaderRow, RecordRow, RunRows } from './messages.ts'

type Row = Record<string, SQLOutputValue>

/** `updated` of a live run is that of its last record: the row itself is written when the status changes. */
const HEADER = `select id, run, hash, header, input, sum, status, error, limits,
  coalesce((select at from records where records.run = runs.id order by seq desc limit 1), updated) as updated, owner from runs`

/** A run's row, with its key and owner. */
export interface FoundRun {
  readonly key: number
  readonly owner: SQLOutputValue
  readonly row: HeaderRow
}

export function findRun(database: DatabaseSync, run: string): FoundRun | null {
  const found = database.prepare(`${HEADER} where run = ?`).get(run)
  return found === undefined ? null : { key: Number(found['id']), owner: found['owner'] ?? null, row: headerRow(found) }
}

export function readRun(database: DatabaseSync, { key, row }: FoundRun, from: number): RunRows {
  const select = database.prepare('select seq, body, output, sum from records where run = ? and seq >= ? order by seq')
  // The row that holds record `from` may begin before it.
  const first = database.prepare('select max(seq) as seq from records where run = ? and seq <= ?').get(key, from)
  return { header: row, records: select.all(key, Number(first?.['seq'] ?? 0)).map(recordRow) }
}

export function listRuns(
  database: DatabaseSync,
  filter: {
    readonly statuses: readonly string[] | null
    readonly workflow: string | null
    readonly sinceMs: number
    readonly withChildren: boolean
    readonly limit: number
  },
): readonly HeaderRow[] {
  const { statuses, workflow, sinceMs, withChildren, limit } = filter
  const inStatus = statuses === null ? '' : `status in (${statuses.map(() => '?').join()}) and`
  return database
    .prepare(
      `${HEADER} where ${inStatus} workflow = coalesce(?, workflow) and created >= ? and (parent is null or ?) order by created desc, id desc limit ?`,
    )
    .all(...(statuses ?? []), workflow, sinceMs, withChildren ? 1 : 0, limit)
    .map(headerRow)
}

export function childrenOf(database: DatabaseSync, run: string): readonly string[] {
  return database
    .prepare(
      `select run from runs where parent = ? and (status in ('queued', 'running', 'paused', 'parked')
        or (status = 'cancelled' and json_extract(error, '$.code') = 'run/parent-ended')) order by id`,
    )
    .all(run)
    .map((row) => textOf(row['run']))
}

export function readDefinition(database: DatabaseSync, hash: string): { readonly text: string } | null {
  const found = database.prepare('select text from defs where hash = ?').get(hash)
  return found === undefined ? null : { text: textOf(found['text']) }
}

export function unknownRuns(database: DatabaseSync, runs: readonly string[]): readonly string[] {
  return database
    .prepare('select value from json_each(?) where value not in (select run from runs)')
    .all(JSON.stringify(runs))
    .map((row) => textOf(row['value']))
}

function headerRow(row: Row): HeaderRow {
  return {
    run: textOf(row['run']),
    hash: textOf(row['hash']),
    header: textOf(row['header']),
    input: textOf(row['input']),
    sum: Number(row['sum']),
    status: textOf(row['status']),
    error: textOrNull(row['error']),
    limits: textOrNull(row['limits']),
    updated: Number(row['updated']),
  }
}

function recordRow(row: Row): RecordRow {
  return {
    seq: Number(row['seq']),
    body: textOf(row['body']),
    output: textOrNull(row['output']),
    sum: Number(row['sum']),
  }
}

/** The tables are STRICT: a column is what it was declared as. */
function textOf(value: SQLOutputValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

function textOrNull(value: SQLOutputValue | undefined): string | null {
  return typeof value === 'string' ? value : null
}
