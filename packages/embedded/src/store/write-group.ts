import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { failureOf } from './failure.ts'
import {
  CELLS_PER_CHANGE,
  type Answer,
  type ChangeCells,
  type Refusal,
  type Request,
  type StartCells,
} from './messages.ts'
import type { OwnedRun, OwnedRuns } from './owned.ts'
import { sumOf } from './sum.ts'
import { JOURNAL } from './tables.ts'

export type WriteRequest = Extract<Request, { kind: 'write' }>
type Written = Extract<Answer, { kind: 'written' }>

/**
 * Writes groups of changes: one transaction, one sync. A change of a run that is not ours, or that does not join on to the
 * records there are, is refused alone; what the disk or SQLite refuses fails the whole group, and its runs are let go of, so
 * that nothing can be written behind the gap.
 */
export class GroupWriter {
  readonly #database: DatabaseSync
  readonly #owned: OwnedRuns
  readonly #insertDefinition: StatementSync
  readonly #insertRun: StatementSync
  readonly #insertRecord: StatementSync
  readonly #updateRun: StatementSync
  readonly #updateLimits: StatementSync

  constructor(database: DatabaseSync, owned: OwnedRuns) {
    this.#database = database
    this.#owned = owned
    this.#insertDefinition = database.prepare('insert into defs (hash, text) values (?, ?) on conflict do nothing')
    this.#insertRun = database.prepare(
      `insert into runs (run, hash, workflow, header, input, sum, status, error, created, updated, owner, limits, parent)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (run) do nothing returning id`,
    )
    this.#insertRecord = database.prepare(
      'insert into records (run, seq, at, body, output, sum) values (?, ?, ?, ?, ?, ?) on conflict (run, seq) do nothing',
    )
    this.#updateRun = database.prepare(
      'update runs set status = ?, error = ?, updated = ?, owner = case when ? then null else owner end where id = ?',
    )
    this.#updateLimits = database.prepare('update runs set limits = ? where id = ?')
  }

  write(group: readonly WriteRequest[]): Written {
    const id = group.at(-1)?.id ?? 0
    const refusals: Written['refusals'][number][] = []
    try {
      this.#owned.processId()
      this.#database.exec('begin immediate')
      for (const request of group) {
        for (let at = 0; at < request.cells.length; at += CELLS_PER_CHANGE) {
          const refusal = this.change(request.cells.slice(at, at + CELLS_PER_CHANGE) as ChangeCells) // flattened by store.ts
          if (refusal !== null) refusals.push({ id: request.id, index: at / CELLS_PER_CHANGE, refusal })
        }
      }
      this.#database.exec('commit')
      return { kind: 'written', id, failure: null, refusals }
    } catch (error) {
      this.#giveUp(group)
      return { kind: 'written', id, failure: failureOf(error, JOURNAL), refusals: [] }
    }
  }

  /** In a transaction of the caller's. */
  change([run, from, count, at, body, output, status, error, news]: ChangeCells): Refusal | null {
    const owned = news?.kind === 'start' ? this.#start(run, news, status, error, at) : this.#owned.get(run)
    if (owned === undefined) return { kind: 'lost' }
    if ('kind' in owned) return owned
    if (owned.next !== from) return this.#lose(run)
    const { changes } = this.#insertRecord.run(owned.key, from, at, body, output, sumOf(body, output))
    if (changes === 0) return this.#lose(run)
    owned.next = from + count
    if (news?.kind === 'limits') this.#updateLimits.run(news.limits, owned.key)
    if (owned.status !== status) {
      owned.status = status
      const isOver = OVER.has(status)
      this.#updateRun.run(status, error, at, isOver ? 1 : 0, owned.key)
      if (isOver) this.#owned.delete(run)
    }
    return null
  }

  #start(run: string, start: StartCells, status: string, error: string | null, at: number): OwnedRun | Refusal {
    const { hash, definition, workflow, header, limits, parent, input, created } = start
    if (definition !== null) this.#insertDefinition.run(hash, definition)
    const owner = OVER.has(status) ? null : this.#owned.processId()
    const sum = sumOf(hash, header, input)
    const columns = [run, hash, workflow, header, input, sum, status, error, created, at, owner, limits, parent]
    const row = this.#insertRun.get(...columns)
    if (row === undefined) return this.#existing(run)
    const owned: OwnedRun = { key: Number(row['id']), next: 0, status }
    if (owner !== null) this.#owned.set(run, owned)
    return owned
  }

  #existing(run: string): Refusal {
    const row = this.#database.prepare('select hash, input from runs where run = ?').get(run)
    return { kind: 'exists', hash: String(row?.['hash']), input: String(row?.['input']) }
  }

  #lose(run: string): Refusal {
    this.#owned.delete(run)
    return { kind: 'lost' }
  }

  #giveUp(group: readonly WriteRequest[]): void {
    if (this.#database.isTransaction) this.#database.exec('rollback')
    for (const { cells } of group) {
      for (let at = 0; at < cells.length; at += CELLS_PER_CHANGE) this.#owned.delete(String(cells[at]))
    }
  }
}

/** Statuses that end a run: nobody owns it from there on. */
const OVER: ReadonlySet<string> = new Set(['success', 'failed', 'timeout', 'budget_exceeded', 'cancelled'])
