import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { JournalRecord } from '@agentloom/engine'
import { recordText } from '../journal/record-text.ts'
import { sumOf } from '../store/sum.ts'
import type { CheckpointReplies, PutRecords } from './messages.ts'

interface Row {
  readonly body: string
  readonly output: string | null
  readonly sum: number
}

/** A write in pieces whose process died; nobody takes so long. */
const UNFINISHED_MS = 3_600_000

const OVER = new Set(['success', 'failed', 'timeout', 'budget_exceeded', 'cancelled'])

/** Writes runs into the store of checkpoints; inside a transaction of its caller's. */
export class KeptRunWriter {
  readonly #standing: StatementSync
  readonly #begin: StatementSync
  readonly #at: StatementSync
  readonly #insert: StatementSync
  readonly #define: StatementSync
  readonly #seal: StatementSync
  readonly #removeRecords: StatementSync
  readonly #removeRun: StatementSync

  constructor(database: DatabaseSync) {
    this.#standing = database.prepare('select id, count, updated, created, hash from runs where run = ?')
    this.#begin = database.prepare(
      `insert into runs (run, hash, workflow, status, is_over, created, updated, count, header, input, sum)
       values (null, '', '', '', 0, ?, 0, 0, '', '', 0) returning id`,
    )
    this.#at = database.prepare('select body, output from records where run = ? and seq = ?')
    this.#insert = database.prepare(
      'insert into records (run, seq, body, output, sum) values (?, ?, ?, ?, ?) on conflict (run, seq) do nothing',
    )
    this.#define = database.prepare('insert into defs (hash, text) values (?, ?) on conflict do nothing')
    this.#seal = database.prepare(
      `update runs set run = ?, root = ?, hash = ?, workflow = ?, status = ?, is_over = ?, created = ?, updated = ?, count = ?,
       header = ?, input = ?, sum = ? where id = ? and count <= ? and updated <= ?`,
    )
    this.#removeRecords = database.prepare('delete from records where run = ?')
    this.#removeRun = database.prepare('delete from runs where id = ?')
    const unfinished = database.prepare('select id from runs where run is null and created < ?')
    for (const { id } of unfinished.all(Date.now() - UNFINISHED_MS)) this.remove(Number(id))
  }

  standing(run: string): { readonly key: number; readonly count: number; readonly updated: number } | null {
    const found = this.#standing.get(run)
    return found === undefined
      ? null
      : { key: Number(found['id']), count: Number(found['count']), updated: Number(found['updated']) }
  }

  put(piece: PutRecords): CheckpointReplies['put'] {
    const base = piece.key === null ? this.#baseOf(piece) : { key: piece.key, from: piece.from }
    if (piece.previous !== null && !this.#isKept(base.key, piece.from - 1, piece.previous)) return 'differs'
    for (let at = base.from; at < piece.from + piece.records.length; at += 1) {
      const record = piece.records[at - piece.from]
      if (record === undefined) continue
      const { body, output, sum } = rowOf(record)
      this.#insert.run(base.key, at, body, output, sum)
    }
    if (piece.seal !== null) this.#sealRun(base.key, piece, piece.seal)
    return { key: base.key }
  }

  remove(key: number): void {
    this.#removeRecords.run(key)
    this.#removeRun.run(key)
  }

  /** Of a run that comes in one piece: behind what is kept of it, or under a new key where that is something else. */
  #baseOf({ run, from, records, isAnew = false }: PutRecords): { readonly key: number; readonly from: number } {
    const standing = isAnew ? null : this.standing(run)
    const last = standing === null ? undefined : records[standing.count - 1 - from]
    if (standing !== null && last !== undefined && this.#isKept(standing.key, standing.count - 1, last))
      return { key: standing.key, from: standing.count }
    return { key: Number(this.#begin.get(Date.now())?.['id']), from }
  }

  #isKept(key: number, seq: number, record: JournalRecord): boolean {
    const found = this.#at.get(key, seq)
    const { body, output } = rowOf(record)
    return found !== undefined && found['body'] === body && found['output'] === output
  }

  #sealRun(key: number, { run, from, records }: PutRecords, { header, definitionText, place }: Seal): void {
    const { input, ...rest } = header
    const text = JSON.stringify(place === 'embedded' ? rest : { ...rest, place })
    const count = from + records.length
    const before = this.standing(run)
    if (before !== null && before.key !== key) {
      // Of two that write a run the later one wins, whichever comes first.
      if (before.updated > header.updatedAtMs) return this.remove(key)
      this.remove(before.key)
    }
    this.#define.run(header.definition, definitionText)
    this.#seal.run(
      run,
      header.parent?.rootRunId ?? run,
      header.definition,
      header.workflow,
      header.status,
      OVER.has(header.status) ? 1 : 0,
      header.createdAtMs,
      header.updatedAtMs,
      count,
      text,
      input,
      sumOf(text, input),
      key,
      count,
      header.updatedAtMs,
    )
  }
}

type Seal = NonNullable<PutRecords['seal']>

function rowOf(record: JournalRecord): Row {
  const body = recordText(record)
  const output = record.kind === 'committed' ? record.output : null
  return { body, output, sum: sumOf(body, output) }
}
