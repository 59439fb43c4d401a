import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { shown } from '../diagnostics/shown.ts'
import { FileError } from './errors.ts'

/** Readings of a file that another program is writing, before it is an error. */
const ATTEMPTS_MAX = 2

/**
 * The bytes of a regular file, of `bytesMax` at most. Never waits: pipes and devices are refused before they are read.
 * @param name what errors call it, where that is not the path
 * @throws {FileError} `file/unreadable` (with the system's code), `file/not-regular`, `file/too-large`, `file/changed`
 */
export async function readRegularFile(path: string, bytesMax: number, name = path): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt++) {
    await using file = await opened(path, name)
    const bytes = await readOnce(file, name, bytesMax)
    if (bytes !== null) return bytes
    if (attempt === ATTEMPTS_MAX) {
      throw new FileError('file/changed', `${shown(name)} changed while it was read`, { path: name, help: 'try again' })
    }
  }
}

async function opened(path: string, name: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK, opening a pipe waits for its other end, in a thread that cannot be given back.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw unreadable(name, error)
  }
}

/** Null where fewer bytes came than the file had when it was opened. */
async function readOnce(file: FileHandle, path: string, bytesMax: number): Promise<Uint8Array | null> {
  const stat = await file.stat()
  if (stat.isDirectory()) throw unreadable(path, { code: 'EISDIR' })
  if (!stat.isFile()) throw new FileError('file/not-regular', `${shown(path)} is no regular file`, { path })
  if (stat.size > bytesMax) throw tooLarge(path, bytesMax)
  // The size is not believed: one byte more than allowed is asked for.
  const buffer = new Uint8Array(Math.min(bytesMax, Math.max(stat.size, 4_096)) + 1)
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = await readable(file.read(buffer, length, buffer.length - length), path)
    if (bytesRead === 0) break
    length += bytesRead
  }
  if (length > bytesMax) throw tooLarge(path, bytesMax)
  // Files of the kernel call themselves regular and empty; what they hold (an environment, say) is nobody's workflow.
  if (stat.size === 0 && length > 0)
    throw new FileError('file/not-regular', `${shown(path)} is no file on a disk`, { path })
  return length < stat.size || length === buffer.length ? null : buffer.subarray(0, length)
}

async function readable<Result>(reading: Promise<Result>, path: string): Promise<Result> {
  try {
    return await reading
  } catch (error) {
    throw unreadable(path, error)
  }
}

function tooLarge(path: string, bytesMax: number): FileError {
  return new FileError('file/too-large', `${shown(path)} is larger than ${bytesMax} bytes`, { path })
}

const REASONS: { readonly [code: string]: string } = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  ELOOP: 'its symbolic links go in a circle',
  ENXIO: 'it is a socket or device',
  ENOTDIR: 'a part of the path is no directory',
  ENAMETOOLONG: 'the name is too long',
}

function unreadable(path: string, error: unknown): FileError {
  // A path with NUL is refused by Node itself; the system would find no such file.
  const given = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'EIO'
  const code = given === 'ERR_INVALID_ARG_VALUE' ? 'ENOENT' : given
  const reason = REASONS[code] ?? 'it cannot be read'
  return new FileError('file/unreadable', `${shown(path) || "''"}: ${reason} (${code})`, { path })
}

/** Whether it only means that nothing is there. */
export function isMissing(error: unknown): boolean {
  return error instanceof FileError && error.message.endsWith('(ENOENT)')
}
