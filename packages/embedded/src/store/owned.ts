import type { DatabaseSync } from 'node:sqlite'
import type { Owner } from './messages.ts'
import { isAlive, ownIdentity } from './process-identity.ts'

/** A run that this process executes. */
export interface OwnedRun {
  /** Key of the run in `runs` and `records`. */
  readonly key: number
  /** Index of the record that comes next. */
  next: number
  status: string
}

/** How often a process with live runs says that it lives, for those on other machines. */
const BEAT_MS = 5_000

/** The runs that this process executes, and its row in `processes`: made when it gets its first run. */
export class OwnedRuns {
  readonly #database: DatabaseSync
  readonly #runs = new Map<string, OwnedRun>()
  #processId: number | null = null
  #seenMs = 0

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  get(run: string): OwnedRun | undefined {
    return this.#runs.get(run)
  }

  set(run: string, owned: OwnedRun): void {
    this.#runs.set(run, owned)
  }

  delete(run: string): void {
    this.#runs.delete(run)
  }

  get size(): number {
    return this.#runs.size
  }

  names(): ReadonlyMap<number, string> {
    return new Map([...this.#runs].map(([run, { key }]) => [key, run]))
  }

  /** Key of this process in `processes`; the row is made, and synced, at the first call. */
  processId(): number {
    if (this.#processId !== null) return this.#processId
    const { pid, started, host } = ownIdentity()
    this.#seenMs = Date.now()
    const row = this.#database
      .prepare('insert into processes (pid, started, host, seen) values (?, ?, ?, ?) returning id')
      .get(pid, started, host, this.#seenMs)
    this.#processId = Number(row?.['id'])
    return this.#processId
  }

  /** The process behind an owner's key, or null when it is dead, or when it is this one and has let go. */
  livingOwner(owner: unknown): Owner | null {
    if (owner === null || owner === undefined || owner === this.#processId) return null
    const row = this.#database.prepare('select pid, started, host, seen from processes where id = ?').get(Number(owner))
    if (row === undefined) return null
    const other = {
      pid: Number(row['pid']),
      started: row['started'] === null ? null : String(row['started']),
      host: String(row['host']),
      seen: Number(row['seen']),
    }
    return isAlive(other, Date.now()) ? { pid: other.pid, host: other.host } : null
  }

  beat(): void {
    const nowMs = Date.now()
    if (this.#processId === null || nowMs - this.#seenMs < BEAT_MS) return
    this.#database.prepare('update processes set seen = ? where id = ?').run(nowMs, this.#processId)
    this.#seenMs = nowMs
  }

  /** Lets go of everything, at the end of the process. */
  close(): void {
    if (this.#processId === null) return
    this.#database.prepare('update runs set owner = null where owner = ?').run(this.#processId)
    this.#database.prepare('delete from processes where id = ?').run(this.#processId)
    this.#runs.clear()
    this.#processId = null
  }
}
