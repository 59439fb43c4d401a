import {
  isOver,
  type JournalRecord,
  type LoadedRun,
  type RunFilter,
  type RunHeader,
  type RunStatus,
} from '@agentloom/engine'
import type { AgentloomError } from '@agentloom/workflow'
import { join } from 'node:path'
import { headerSchema, recordSchema } from '../journal/record-schema.ts'
import { CheckpointCalls } from './checkpoint-calls.ts'
import { CheckpointCorruptError } from './errors.ts'
import { JsonFiles } from './json-files.ts'
import type { CheckpointRows, HeaderCells, RunPlace } from './messages.ts'
import { isLight, piecesOf } from './pieces.ts'

/** A run as its checkpoint holds it. */
export interface Checkpoint extends LoadedRun {
  readonly definitionText: string
  /** The run lives in Redis, and a worker has written this; missing: it is the embedded runtime's, or from a file. */
  readonly place?: 'redis'
}

export interface CheckpointList {
  /** Newest first. */
  readonly headers: readonly RunHeader[]
  /** What could not be read; the others are listed all the same. */
  readonly bad: readonly { readonly file: string; readonly error: AgentloomError }[]
}

/** What is kept of runs that are over; runs at rest are kept until they are removed by name. */
export interface CheckpointRetention {
  /** How long after their end, milliseconds; null: for ever. */
  readonly ageMs: number | null
  /** How many, those that ended last; null: all. */
  readonly countMax: number | null
  /** Only runs that ended so; default: all. */
  readonly statuses?: readonly RunStatus[]
  /** Only runs that live there; default: all. */
  readonly place?: RunPlace
}

const FILE = 'runs.db'
const LISTED_MAX = 1_000_000
const REMOVED_AT_ONCE = 500

/**
 * The compact copies of runs, in a SQLite file of their own: `<folder>/runs.db`, made at the first write. A thread owns it, so
 * that nothing here holds the event loop, and lets the process end while nothing is asked. Any number of processes may use it.
 * Files of the form before, `<folder>/<runId>.json`, are read as well.
 */
export class CheckpointStore implements AsyncDisposable {
  readonly folder: string
  readonly #calls: CheckpointCalls
  readonly #files: JsonFiles
  readonly #place: RunPlace

  /** @param place where the runs live that are written to it; those of both may be kept in one folder */
  constructor(folder: string, place: RunPlace = 'embedded') {
    this.folder = folder
    this.#place = place
    this.#calls = new CheckpointCalls(join(folder, FILE))
    this.#files = new JsonFiles(folder)
  }

  /** For messages: where a run's checkpoint is. */
  placeOf(runId: string): string {
    return `${this.#calls.path}, run ${runId}`
  }

  /**
   * Writes or replaces a run: whole or not at all, and on disk when it resolves. Of a run that is kept, only what is new goes
   * to the disk. Of two writers the one that saw the run later wins.
   * @throws {StoreError}
   */
  async write(loaded: LoadedRun, definitionText: string): Promise<void> {
    const { header, records } = loaded
    const isAnew = isMigrated(records)
    if (isLight(records) && !isAnew) await this.#put(loaded, definitionText)
    else if (!(await this.#append(loaded, definitionText)))
      await this.#send({ ...loaded, definitionText, key: null, previous: null, from: 0, isAnew })
    await this.#files.remove(header.runId)
  }

  /** Number of the run's records that are kept; null where none are. With `write`, a writer need not load what is there. */
  async recordCount(runId: string): Promise<number | null> {
    return (await this.#calls.call({ name: 'standing', run: runId }))?.count ?? null
  }

  /**
   * As `write`, of a run that goes on where its checkpoint ended.
   * @param records from index `from` - 1 on, so that it is seen whether they join on to what is kept
   * @returns false where they do not: the whole run must be written
   */
  async writeOn(
    header: RunHeader,
    definitionText: string,
    { from, records }: { readonly from: number; readonly records: readonly JournalRecord[] },
  ): Promise<boolean> {
    const standing = await this.#calls.call({ name: 'standing', run: header.runId })
    const [previous = null] = records
    if (standing?.count !== from || previous === null || isMigrated(records.slice(1))) return false
    return this.#send({ header, definitionText, key: standing.key, previous, records: records.slice(1), from })
  }

  /** Null when nothing is kept of the run. @throws {CheckpointCorruptError} `checkpoint/corrupt` @throws {StoreError} */
  async read(runId: string): Promise<Checkpoint | null> {
    const rows = await this.#calls.call({ name: 'read', run: runId })
    return rows === null ? this.#files.read(runId) : this.#checkpointOf(rows)
  }

  /** Run ids of which something is kept, in no order. */
  async ids(): Promise<readonly string[]> {
    const [kept, files] = await Promise.all([this.#calls.call({ name: 'ids' }), this.#files.ids()])
    return [...new Set([...kept, ...files])]
  }

  /** Headers of the runs that a filter wants; default: of all, children included. What cannot be read is reported, not thrown. */
  async list(
    filter: Partial<RunFilter> & { readonly place?: RunPlace } = { withChildren: true },
  ): Promise<CheckpointList> {
    const { statuses = null, workflow = null, sinceMs = 0, withChildren = false, limit = LISTED_MAX } = filter
    const { place = null } = filter
    const cells = await this.#calls.call({
      name: 'list',
      filter: { statuses, workflow, sinceMs, withChildren, place, limit },
    })
    const onlyFiles = await this.#onlyFiles(place)
    const files = await this.#files.headers(onlyFiles)
    const headers = files.headers.filter(
      ({ status, parent, createdAtMs, ...header }) =>
        (statuses ?? [status]).includes(status) &&
        (workflow ?? header.workflow) === header.workflow &&
        createdAtMs >= sinceMs &&
        (withChildren || parent === null),
    )
    const bad = [...files.bad]
    for (const one of cells) {
      try {
        headers.push(this.#headerOf(one))
      } catch (error) {
        if (!(error instanceof CheckpointCorruptError)) throw error
        bad.push({ file: error.place, error })
      }
    }
    return { headers: headers.sort((a, b) => b.createdAtMs - a.createdAtMs).slice(0, limit), bad }
  }

  /** The run, and all below it of which something is kept. */
  async tree(runId: string): Promise<readonly string[]> {
    const kept = await this.#calls.call({ name: 'tree', run: runId })
    const files = (await this.#files.ids()).filter((id) => id === runId || id.startsWith(`${runId}.`))
    return [...new Set([...kept, ...files])]
  }

  /** Forgets runs; those below them stay. @returns whether something was kept of them, in their order */
  async remove(runIds: readonly string[]): Promise<void> {
    for (let at = 0; at < runIds.length; at += REMOVED_AT_ONCE)
      await this.#calls.call({ name: 'remove', runs: runIds.slice(at, at + REMOVED_AT_ONCE) })
    for (const runId of runIds) await this.#files.remove(runId)
  }

  /** Runs at the top that are over and that the rule no longer keeps, the oldest first; see `tree` and `remove`. */
  async expired(rule: CheckpointRetention, nowMs: number, limit: number): Promise<readonly string[]> {
    const { ageMs, countMax, statuses = null, place = null } = rule
    const endedBeforeMs = ageMs === null ? null : nowMs - ageMs
    const kept = await this.#calls.call({ name: 'expired', rule: { endedBeforeMs, countMax, statuses, place, limit } })
    const onlyFiles = await this.#onlyFiles(place)
    const { headers } = await this.#files.headers(onlyFiles)
    const old = headers.filter(
      ({ status, updatedAtMs, parent }) =>
        parent === null &&
        isOver(status) &&
        (statuses ?? [status]).includes(status) &&
        endedBeforeMs !== null &&
        updatedAtMs < endedBeforeMs,
    )
    return [...kept, ...old.map(({ runId }) => runId)].slice(0, limit)
  }

  /** Twice is harmless; the store may be used again, and opens its file anew. */
  close(): Promise<void> {
    return this.#calls.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Runs that only have a file, as embedded runs had. */
  async #onlyFiles(place: RunPlace | null): Promise<readonly string[]> {
    return place === 'redis' ? [] : this.#calls.call({ name: 'unknown', runs: await this.#files.ids() })
  }

  async #append({ header, records }: LoadedRun, definitionText: string): Promise<boolean> {
    const standing = await this.#calls.call({ name: 'standing', run: header.runId })
    const previous = standing === null ? undefined : records[standing.count - 1]
    if (standing === null || previous === undefined) return false
    const rest = records.slice(standing.count)
    if (isMigrated(rest)) return false
    return this.#send({ header, definitionText, key: standing.key, previous, records: rest, from: standing.count })
  }

  /** In one piece, and the thread finds out what is new. */
  async #put(loaded: LoadedRun, definitionText: string): Promise<void> {
    await this.#putPiece({ ...loaded, definitionText, key: null, previous: null, from: 0 }, true)
  }

  async #send({ records, from, ...whole }: Piece): Promise<boolean> {
    let { key, previous } = whole
    for (const piece of piecesOf(records, 0)) {
      const sent = { ...whole, key, previous, records: piece.records, from: from + piece.from }
      const answered = await this.#putPiece(sent, piece.isLast)
      if (answered === 'differs') return false
      key = answered.key
      previous = null
    }
    return true
  }

  #putPiece(
    { header, definitionText, ...piece }: Piece,
    isLast: boolean,
  ): Promise<{ readonly key: number } | 'differs'> {
    const seal = isLast ? { header, definitionText, place: this.#place } : null
    return this.#calls.call({ name: 'put', run: header.runId, ...piece, seal })
  }

  #checkpointOf(rows: CheckpointRows): Checkpoint {
    const header = this.#headerOf(rows)
    const damaged = (what: string): CheckpointCorruptError => new CheckpointCorruptError(this.placeOf(rows.run), what)
    if (rows.definitionText === null) throw damaged('its definition is missing')
    if (rows.badRecord !== null) throw damaged(`record ${rows.badRecord} is missing, or its sum is wrong`)
    const records = rows.records.map(({ body, output }, index): JournalRecord => {
      const value: unknown = JSON.parse(body)
      const parsed = recordSchema.safeParse(output === null ? value : { ...Object(value), output })
      if (!parsed.success) throw damaged(`record ${index}: ${parsed.error.issues[0]?.message ?? 'unreadable'}`)
      return parsed.data
    })
    const { place }: { place?: unknown } = Object(JSON.parse(rows.header))
    return { header, records, definitionText: rows.definitionText, ...(place === 'redis' && { place }) }
  }

  #headerOf({ run, header, input, isDamaged }: HeaderCells): RunHeader {
    const parsed = isDamaged ? null : headerSchema.safeParse({ ...Object(JSON.parse(header)), input })
    if (parsed?.success === true) return parsed.data
    const what = parsed === null ? 'the sum of its header is wrong' : (parsed.error.issues[0]?.message ?? 'unreadable')
    throw new CheckpointCorruptError(this.placeOf(run), what)
  }
}

/** A migration may say earlier records anew: a step to be skipped stands elsewhere in the new plan. */
function isMigrated(records: readonly JournalRecord[]): boolean {
  return records.some(({ kind }) => kind === 'migrated')
}

interface Piece {
  readonly header: RunHeader
  readonly definitionText: string
  readonly key: number | null
  readonly previous: JournalRecord | null
  readonly records: readonly JournalRecord[]
  readonly from: number
  /** Nothing that is kept is gone on with. */
  readonly isAnew?: boolean
}

/** The checkpoints of a folder. @see CheckpointStore.list */
export async function listCheckpoints(folder: string): Promise<CheckpointList> {
  await using store = new CheckpointStore(folder)
  return await store.list()
}
