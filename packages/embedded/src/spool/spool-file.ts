import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { StoreFailure } from '../store/failure.ts'
import { openDatabase } from '../store/open-database.ts'
import { sumOf } from '../store/sum.ts'
import { lockSpool } from './lock.ts'
import type { OpenSpool, SpoolCells, SpoolReplies, SpoolRows } from './messages.ts'
import { SPOOL } from './tables.ts'

/** How long a starting worker waits for one of its name that is just ending, or for whoever takes its file over. */
const LOCK_MS = 5_000
/** Of the files that belong to a spool; the lock goes last, and nobody uses a dead worker's name again. */
const ENDINGS = ['', '-wal', '-shm', '.made', '.lock']
/** Pages given back at once after runs were dropped, 4 MiB. */
const FREED_PAGES = 1_000

/** A worker's spool on its disk, with what those have left that worked here before and are gone. */
export class SpoolFile {
  readonly #database: DatabaseSync
  readonly #lock: DatabaseSync | null

  private constructor(database: DatabaseSync, lock: DatabaseSync | null) {
    this.#database = database
    this.#lock = lock
  }

  /** @throws {StoreFailure} */
  static open({ folder, worker }: OpenSpool): SpoolFile {
    const path = join(folder, `${worker}.db`)
    const request = { path, folder, access: 'write', busyMs: LOCK_MS } as const
    const database = openDatabase(request, SPOOL)
    const lock = lockSpool(path, LOCK_MS)
    if (database === null || lock === null) {
      database?.close()
      throw new StoreFailure('locked', `another worker ${worker} has this spool`, 'give each worker a name of its own')
    }
    const file = new SpoolFile(database, lock)
    file.#adopt(folder, path)
    return file
  }

  /** Somebody else's spool, as it is; null where there is none. */
  static look(path: string): SpoolFile | null {
    const database = openDatabase({ path, folder: '', access: 'read', busyMs: LOCK_MS }, SPOOL)
    return database === null ? null : new SpoolFile(database, null)
  }

  put(entries: readonly SpoolCells[]): void {
    const database = this.#database
    const insertDefinition = database.prepare('insert into defs (hash, text) values (?, ?) on conflict do nothing')
    const putRun = database.prepare(
      `insert into runs (run, hash, header, touched) values (?, ?, ?, ?)
       on conflict (run) do update set hash = excluded.hash, header = excluded.header,
       touched = excluded.touched, leaving = null`,
    )
    const insertFact = database.prepare('insert into facts (run, body, sum) values (?, ?, ?)')
    const touch = database.prepare('update runs set touched = ?, leaving = null where run = ?')
    this.#atOnce(() => {
      for (const { run, hash, definition, body, atMs } of entries) {
        if (hash !== null) {
          if (definition !== null) insertDefinition.run(hash, definition)
          putRun.run(run, hash, body, atMs)
          continue
        }
        insertFact.run(run, body, sumOf(body))
        touch.run(atMs, run)
      }
    })
  }

  runs(): SpoolReplies['runs'] {
    const rows = this.#database.prepare('select * from runs').all() // schema 1, which may be looked at, has no `leaving`
    return rows.map(({ run, touched, leaving = null }) => ({
      runId: String(run),
      touchedAtMs: Number(touched),
      leavingAtMs: leaving === null ? null : Number(leaving),
    }))
  }

  read(run: string): SpoolRows | null {
    const select = 'select header, text from runs left join defs on defs.hash = runs.hash where run = ?'
    const row = this.#database.prepare(select).get(run)
    if (row === undefined) return null
    const facts = this.#database.prepare('select body, sum from facts where run = ? order by id').all(run)
    return {
      header: String(row['header']),
      definition: row['text'] === null ? null : String(row['text']),
      // One that is damaged costs itself: what it told happens again.
      facts: facts.flatMap(({ body, sum }) => (sumOf(String(body)) === Number(sum) ? [String(body)] : [])),
    }
  }

  mark(runs: SpoolReplies['runs'], leavingAtMs: number | null): void {
    const markRun = this.#database.prepare('update runs set leaving = ? where run = ? and touched = ?')
    this.#atOnce(() => {
      for (const { runId, touchedAtMs } of runs) markRun.run(leavingAtMs, runId, touchedAtMs)
    })
  }

  drop(runs: SpoolReplies['runs']): void {
    const dropRun = this.#database.prepare('delete from runs where run = ? and touched = ?')
    const dropFacts = this.#database.prepare('delete from facts where run = ?')
    this.#atOnce(() => {
      for (const { runId, touchedAtMs } of runs) if (dropRun.run(runId, touchedAtMs).changes > 0) dropFacts.run(runId)
      this.#database.exec('delete from defs where not exists (select 1 from runs where runs.hash = defs.hash)')
    })
    this.#database.exec(`pragma incremental_vacuum(${FREED_PAGES})`)
  }

  close(): void {
    this.#database.close()
    this.#lock?.close()
  }

  /** Takes over what workers have left that are gone, so that one file lies here for each that lives. */
  #adopt(folder: string, own: string): void {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      if (!name.endsWith('.db') || path === own) continue
      const lock = lockSpool(path, 0)
      if (lock === null) continue
      try {
        if (this.#take(folder, path)) for (const ending of ENDINGS) rmSync(`${path}${ending}`, { force: true })
      } finally {
        lock.close()
      }
    }
  }

  /** False for a file that nobody can read, which stays where it is. */
  #take(folder: string, path: string): boolean {
    try {
      openDatabase({ path, folder, access: 'write', busyMs: LOCK_MS }, SPOOL)?.close() // which brings it up to date
    } catch {
      return false
    }
    const database = this.#database
    database.prepare('attach ? as old').run(path)
    try {
      if (database.prepare("select 1 from old.sqlite_schema where name = 'facts'").get() === undefined) return true // begun on a full disk
      this.#atOnce(() =>
        database.exec(`
          insert into defs select hash, text from old.defs where true on conflict do nothing;
          insert into runs (run, hash, header, touched, leaving) select run, hash, header, touched, leaving from old.runs
            where true on conflict (run) do update set leaving = max(leaving, excluded.leaving); -- null where one of them stays
          insert into facts (run, body, sum) select run, body, sum from old.facts order by id;`),
      )
    } finally {
      database.exec('detach old')
    }
    return true
  }

  #atOnce(work: () => void): void {
    const database = this.#database
    database.exec('begin immediate')
    try {
      work()
      database.exec('commit')
    } catch (error) {
      if (database.isTransaction) database.exec('rollback')
      throw error
    }
  }
}
