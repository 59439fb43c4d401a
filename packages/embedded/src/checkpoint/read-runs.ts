import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { sumOf } from '../store/sum.ts'
import type { CheckpointFilter, CheckpointRows, HeaderCells, RetentionRule, RunPlace } from './messages.ts'

type Row = Record<string, SQLOutputValue>

export function readRun(database: DatabaseSync, run: string): CheckpointRows | null {
  const found = database.prepare('select id, run, hash, count, header, input, sum from runs where run = ?').get(run)
  if (found === undefined) return null
  const definition = database.prepare('select text from defs where hash = ?').get(textOf(found['hash']))
  const rows = database
    .prepare('select seq, body, output, sum from records where run = ? and seq < ? order by seq')
    .all(Number(found['id']), Number(found['count']))
  const bad = rows.findIndex(
    (row, at) => Number(row['seq']) !== at || sumOf(textOf(row['body']), textOrNull(row['output'])) !== row['sum'],
  )
  return {
    ...headerCells(found),
    definitionText: definition === undefined ? null : textOf(definition['text']),
    records: rows.map((row) => ({ body: textOf(row['body']), output: textOrNull(row['output']) })),
    badRecord: bad >= 0 ? bad : rows.length < Number(found['count']) ? rows.length : null,
  }
}

/** Newest first. */
export function listRuns(database: DatabaseSync, filter: CheckpointFilter): readonly HeaderCells[] {
  const { statuses, workflow, sinceMs, withChildren, place, limit } = filter
  return database
    .prepare(
      `select run, header, input, sum from runs where run is not null${among('status', statuses)}${ofPlace(place)}
       ${workflow === null ? '' : 'and workflow = ?'} and created >= ? ${withChildren ? '' : 'and root = run'}
       order by created desc, id desc limit ?`,
    )
    .all(...(statuses ?? []), ...(workflow === null ? [] : [workflow]), sinceMs, limit)
    .map(headerCells)
}

export function runIds(database: DatabaseSync): readonly string[] {
  return database
    .prepare('select run from runs where run is not null')
    .all()
    .map((row) => textOf(row['run']))
}

export function unknownRuns(database: DatabaseSync, runs: readonly string[]): readonly string[] {
  return database
    .prepare('select value from json_each(?) where value not in (select run from runs where run is not null)')
    .all(JSON.stringify(runs))
    .map((row) => textOf(row['value']))
}

/** The run and all below it that are kept. */
export function treeOf(database: DatabaseSync, run: string): readonly string[] {
  return database
    .prepare('select run from runs where run = ? or root = ? order by id')
    .all(run, run)
    .map((row) => textOf(row['run']))
}

/** Runs at the top that are over and that a rule no longer keeps, the oldest first. */
export function expiredRuns(database: DatabaseSync, rule: RetentionRule): readonly string[] {
  const { endedBeforeMs, countMax, statuses, place, limit } = rule
  const wanted = `is_over = 1 and root = run${among('status', statuses)}${ofPlace(place)}`
  const values = statuses ?? []
  const old = endedBeforeMs === null ? '0' : `updated < ${Math.trunc(endedBeforeMs)}`
  const spare =
    countMax === null
      ? '0'
      : `id in (select id from runs where ${wanted} order by updated desc, id desc limit -1 offset ${Math.trunc(countMax)})`
  return database
    .prepare(`select run from runs where ${wanted} and (${old} or ${spare}) order by updated, id limit ?`)
    .all(...values, ...(countMax === null ? [] : values), limit)
    .map((row) => textOf(row['run']))
}

/** Rows from before places were told are of either; they count as embedded, which removes nothing by itself. */
function ofPlace(place: RunPlace | null): string {
  return place === null ? '' : ` and coalesce(json_extract(header, '$.place'), 'embedded') = '${place}'`
}

function among(column: string, values: readonly string[] | null): string {
  return values === null ? '' : ` and ${column} in (${values.map(() => '?').join()})`
}

function headerCells(row: Row): HeaderCells {
  const header = textOf(row['header'])
  const input = textOf(row['input'])
  return { run: textOf(row['run']), header, input, isDamaged: sumOf(header, input) !== row['sum'] }
}

/** The tables are STRICT: a column is what it was declared as. */
function textOf(value: SQLOutputValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

function textOrNull(value: SQLOutputValue | undefined): string | null {
  return typeof value === 'string' ? value : null
}
