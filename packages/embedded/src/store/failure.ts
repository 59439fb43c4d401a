import type { FileKind } from './file-kind.ts'
import type { Failure } from './messages.ts'

/** Something found wrong with the file or folder before SQLite was asked. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure'
  readonly failure: Failure
  constructor(code: Failure['code'], message: string, help: string | null = null) {
    super(message)
    this.failure = { code, message, help }
  }
}

const HELP_READ_ONLY = 'make file and folder writable for this user, or name another folder with AGENTLOOM_HOME'
const HELP_FULL = 'make room and resume the run: everything that was acknowledged is on disk'
const HELP_LOCKED = 'another program holds a transaction on the file; end it and try again'
const HELP_PATH = 'name a folder that exists or can be made, with AGENTLOOM_HOME'

/** Every SQLite error has the same `code`; `errcode` (primary code in the low byte) tells them apart. */
export function failureOf(error: unknown, { name, help }: Pick<FileKind, 'name' | 'help'>): Failure {
  if (error instanceof StoreFailure) return error.failure
  const { message } = error instanceof Error ? error : new Error(String(error))
  const errcode = typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) & 0xff : 0
  switch (errcode) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
      return { code: 'locked', message: `the ${name} is locked by another process`, help: HELP_LOCKED }
    case 8: // SQLITE_READONLY
      return { code: 'read-only', message: `the ${name} cannot be written`, help: HELP_READ_ONLY }
    case 13: // SQLITE_FULL
      return { code: 'full', message: 'the disk is full', help: HELP_FULL }
    case 11: // SQLITE_CORRUPT
      return { code: 'corrupt', message: `the ${name} is damaged: ${message}`, help }
    case 26: // SQLITE_NOTADB
      return { code: 'not-a-database', message: 'the file is no SQLite database', help }
    case 14: // SQLITE_CANTOPEN
      return { code: 'path', message: `the ${name} cannot be opened`, help: HELP_PATH }
    default:
      return fileFailure(error) ?? { code: 'io', message, help: null }
  }
}

/** Errors of node:fs. */
function fileFailure(error: unknown): Failure | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return { code: 'read-only', message: 'folder or file cannot be written', help: HELP_READ_ONLY }
    case 'ENOSPC':
    case 'EDQUOT':
      return { code: 'full', message: 'the disk is full', help: HELP_FULL }
    case 'ENOENT':
      return { code: 'path', message: 'no folder can be made there', help: HELP_PATH }
    case 'EEXIST':
    case 'ENOTDIR':
      return { code: 'path', message: 'a part of the path is a file, not a folder', help: HELP_PATH }
    case 'EISDIR':
      return { code: 'path', message: 'the path is a folder, not a file', help: HELP_PATH }
    case 'ENAMETOOLONG':
    case 'ELOOP':
      return { code: 'path', message: 'the path is too long', help: HELP_PATH }
    default:
      return null
  }
}
