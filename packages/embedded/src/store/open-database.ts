import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { StoreFailure } from './failure.ts'
import type { FileKind } from './file-kind.ts'
import type { OpenRequest } from './messages.ts'

/**
 * `quick_check` reads the whole file. Small files are always checked, larger ones after an unclean end (a write-ahead log
 * is left behind), at 1 ms a MiB; the largest not at all, for nobody waits seconds to begin: there, damage is found when it is read.
 */
const CHECKED_ALWAYS_BYTES_MAX = 2 * 1024 ** 2
const CHECKED_BYTES_MAX = 256 * 1024 ** 2

/** Log pages before they are moved into the file: 16 MiB; moving at 4 MiB, SQLite's default, costs a fifth of the speed. */
const LOG_PAGES = 4_000

const HELP_OLDER = 'start or resume a run in this folder once: that brings the file up to date'

const MAGIC = 'SQLite format 3\0'
const HEADER_BYTES = 100

/** With those above it that are missing. (Node's own `recursive` never ends below /proc.) */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'EEXIST' && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return
    if (code !== 'ENOENT' || dirname(path) === path || existsSync(dirname(path))) throw error
    makeFolder(dirname(path))
    mkdirSync(path, { mode: 0o700 })
  }
}

/** Opens the file after looking at it; null where there is none and nothing may be made. @throws {StoreFailure} */
export function openDatabase(request: OpenRequest, kind: FileKind): DatabaseSync | null {
  return request.access === 'write' ? openForWriting(request, kind) : openForReading(request, kind)
}

function openForWriting({ path, folder, busyMs }: OpenRequest, kind: FileKind): DatabaseSync {
  makeFolder(folder)
  accessSync(folder, constants.W_OK | constants.X_OK)
  const bytes = bytesOf(path)
  if (bytes === 0 && bytesOf(markerOf(path)) !== null) {
    throw new StoreFailure('corrupt', `the ${kind.name} was cut to 0 bytes`, kind.help)
  }
  closeSync(openSync(path, 'a', 0o600)) // made here, so that nobody else can read it at any moment
  accessSync(path, constants.W_OK)
  if (bytes !== null && bytes > 0) inspect(path, kind)
  const isUnclean = (bytesOf(`${path}-wal`) ?? 0) > 0
  const database = new DatabaseSync(path, { timeout: busyMs })
  try {
    checkOrigin(database, kind)
    if (bytes !== null && bytes <= (isUnclean ? CHECKED_BYTES_MAX : CHECKED_ALWAYS_BYTES_MAX))
      checkPages(database, kind)
    if (kind.givesSpaceBack && (bytes ?? 0) === 0) database.exec('pragma auto_vacuum = incremental') // before the first table
    database.exec(`pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = ${LOG_PAGES}`)
    migrate(database, path, kind)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function openForReading({ path, busyMs }: OpenRequest, kind: FileKind): DatabaseSync | null {
  const bytes = bytesOf(path)
  if (bytes === 0 && bytesOf(markerOf(path)) !== null) {
    throw new StoreFailure('corrupt', `the ${kind.name} was cut to 0 bytes`, kind.help)
  }
  if (bytes === null || bytes === 0) return null
  inspect(path, kind)
  const database = new DatabaseSync(readableAt(path), { timeout: busyMs, readOnly: true })
  try {
    const version = checkOrigin(database, kind)
    if (version > 0 && version < (kind.readableFrom ?? kind.version))
      throw new StoreFailure('read-only', `the ${kind.name} has the older schema ${version}`, HELP_OLDER)
    if (version > 0) return database
  } catch (error) {
    database.close()
    throw error
  }
  database.close()
  return null
}

/** Where nothing can be written beside the file, SQLite must be told that nobody else writes either. */
function readableAt(path: string): string | URL {
  try {
    accessSync(dirname(path), constants.W_OK)
    return path
  } catch {
    const url = pathToFileURL(path)
    url.searchParams.set('immutable', '1')
    return bytesOf(`${path}-wal`) === null ? url : path
  }
}

/** The file's own first page against its size: finds at once what was cut off, and what was never a database. */
function inspect(path: string, kind: FileKind): void {
  const file = openSync(path, 'r')
  try {
    const header = Buffer.alloc(HEADER_BYTES)
    const read = readSync(file, header, 0, HEADER_BYTES, 0)
    if (read < HEADER_BYTES || header.toString('latin1', 0, MAGIC.length) !== MAGIC) {
      throw new StoreFailure('not-a-database', 'the file is no SQLite database', kind.help)
    }
    // With a log beside it the page count may be ahead of the file: a checkpoint that was killed is done again from the log.
    if ((bytesOf(`${path}-wal`) ?? 0) > 0) return
    const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16)
    const expected = header.readUInt32BE(28) * pageBytes
    const { size } = fstatSync(file)
    if (size < expected)
      throw new StoreFailure('corrupt', `the ${kind.name} has ${size} of ${expected} bytes`, kind.help)
  } finally {
    closeSync(file)
  }
}

/** The version of the tables, 0 for a fresh file. */
function checkOrigin(database: DatabaseSync, kind: FileKind): number {
  const version = numberOf(database, 'user_version')
  if (version > kind.version) {
    const message = `the ${kind.name} has schema ${version}, this version of agentloom knows up to ${kind.version}`
    throw new StoreFailure(
      'newer-schema',
      message,
      'update agentloom, or name another folder with AGENTLOOM_HOME; the file is untouched',
    )
  }
  const isOurs = numberOf(database, 'application_id') === kind.applicationId
  const hasTables = database.prepare('select 1 from sqlite_schema limit 1').get() !== undefined
  if (hasTables && !isOurs)
    throw new StoreFailure(
      'not-a-database',
      'the file is the database of another program',
      'name another folder with AGENTLOOM_HOME',
    )
  return hasTables ? version : 0
}

function checkPages(database: DatabaseSync, kind: FileKind): void {
  const found = database.prepare('pragma quick_check(1)').get()
  const verdict = found === undefined ? '' : String(Object.values(found)[0])
  if (verdict !== 'ok') throw new StoreFailure('corrupt', `the ${kind.name} is damaged: ${verdict}`, kind.help)
}

/** One transaction: a process that dies in it leaves the file as it was. */
function migrate(database: DatabaseSync, path: string, kind: FileKind): void {
  if (numberOf(database, 'user_version') === kind.version) return
  database.exec('begin immediate')
  try {
    const found = numberOf(database, 'user_version')
    if (found === 0) database.exec(`${kind.tables} pragma application_id = ${kind.applicationId}`)
    else for (const step of kind.migrations.slice(found - 1)) database.exec(step)
    database.exec(`pragma user_version = ${kind.version}`)
    database.exec('commit')
  } catch (error) {
    database.exec('rollback')
    throw error
  }
  mark(path, kind)
}

/** Says that there was a journal: a file cut to nothing looks like a new one. */
function mark(path: string, kind: FileKind): void {
  const marker = markerOf(path)
  writeFileSync(marker, `${JSON.stringify({ [kind.name]: path, schema: kind.version })}\n`, { mode: 0o600 })
  chmodSync(marker, 0o600)
  const file = openSync(marker, 'r')
  fsyncSync(file)
  closeSync(file)
}

function markerOf(path: string): string {
  return `${path}.made`
}

function numberOf(database: DatabaseSync, pragma: 'user_version' | 'application_id'): number {
  return Number(Object.values(database.prepare(`pragma ${pragma}`).get() ?? {})[0])
}

/** Null where there is no such file. */
function bytesOf(path: string): number | null {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return null
  if (found.isDirectory())
    throw new StoreFailure(
      'path',
      'the path is a folder, not a file',
      'move the folder away, or name another one with AGENTLOOM_HOME',
    )
  return found.size
}
