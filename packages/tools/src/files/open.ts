/**
 * Opens first and asks afterwards what was opened, so that no swap of a link or folder between the check and the use can
 * change the answer. The caller has resolved and checked `path`: it has no links in it, so whatever is opened must be found
 * under exactly that path, else somebody changed something meanwhile. Files are made relative to a folder that was
 * verified in this way (`/proc/self/fd/N/name` is Linux's openat).
 *
 * On other systems than Linux the path is resolved again and the inodes are compared, which leaves a much smaller gap.
 */
import { constants, type BigIntStats } from 'node:fs'
import { lstat, mkdir, open, readlink, realpath, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { asFileFault, errnoCode } from '../errno.ts'
import { cut, Fault, Violation } from '../errors.ts'

const { O_CREAT, O_DIRECTORY, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants
/** A FIFO without a partner answers at once, a terminal does not become ours. */
const HARMLESS = O_NONBLOCK | O_NOCTTY
const HAS_DESCRIPTOR_PATHS = process.platform === 'linux'

/** @param shownPath as the user wrote it, for messages */
export async function openForReading(path: string, shownPath: string, isGuarded: boolean): Promise<FileHandle> {
  await refuseSpecial(path, shownPath)
  const handle = await open(path, O_RDONLY | HARMLESS | (isGuarded ? O_NOFOLLOW : 0))
  return verified(handle, { path, shownPath, isGuarded })
}

/** Opens without emptying the file; makes the file and its folders where they are missing. */
export async function openForWriting(path: string, shownPath: string, isGuarded: boolean): Promise<FileHandle> {
  await refuseSpecial(path, shownPath).catch((error: unknown) => {
    if (errnoCode(error) !== 'ENOENT') throw error
  })
  const flags = O_WRONLY | O_CREAT | HARMLESS
  if (!isGuarded) {
    await makeMissing(dirname(path))
    return verified(await open(path, flags, 0o666), { path, shownPath, isGuarded })
  }
  await using parent = await makeFolder(dirname(path), shownPath)
  const handle = await open(inFolder(parent, dirname(path), basename(path)), flags | O_NOFOLLOW, 0o666)
  return verified(handle, { path, shownPath, isGuarded })
}

/** A folder to run a command in. `path` leads there as long as it is open, whatever is renamed meanwhile. */
export async function openFolder(
  path: string,
  shownPath: string,
  isGuarded: boolean,
): Promise<AsyncDisposable & { readonly path: string }> {
  try {
    const handle = await openFolderHandle(path)
    if (isGuarded) await closeUnless(handle, requireUnchanged(handle, path, shownPath))
    return {
      path: isGuarded && HAS_DESCRIPTOR_PATHS ? `/proc/self/fd/${handle.fd}` : path,
      [Symbol.asyncDispose]: () => handle.close(),
    }
  } catch (error) {
    throw asFileFault(error, shownPath)
  }
}

/** Makes the folders that are missing. (Node's own `recursive` never ends below /proc.) */
async function makeMissing(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    if (errnoCode(error) === 'EEXIST') return
    if (errnoCode(error) !== 'ENOENT' || dirname(path) === path || (await isThere(dirname(path)))) throw error
    await makeMissing(dirname(path))
    await makeMissing(path)
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/** Makes the folders that are missing, each inside one that was verified. */
async function makeFolder(path: string, shownPath: string): Promise<FileHandle> {
  const missing: string[] = []
  let current = path
  let handle = await openIfThere(current)
  while (handle === null) {
    missing.push(basename(current))
    current = dirname(current)
    handle = await openIfThere(current)
  }
  await closeUnless(handle, requireUnchanged(handle, current, shownPath))
  for (const name of missing.toReversed()) {
    await using parent: FileHandle = handle
    const inside = inFolder(parent, current, name)
    await mkdir(inside).catch((error: unknown) => {
      if (errnoCode(error) !== 'EEXIST') throw error
    })
    handle = await openFolderHandle(inside)
    current = join(current, name)
  }
  return handle
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await openFolderHandle(path)
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return null
    throw error
  }
}

function openFolderHandle(path: string): Promise<FileHandle> {
  return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
}

function inFolder(handle: FileHandle, path: string, name: string): string {
  return HAS_DESCRIPTOR_PATHS ? `/proc/self/fd/${handle.fd}/${name}` : join(path, name)
}

async function verified(
  handle: FileHandle,
  at: { path: string; shownPath: string; isGuarded: boolean },
): Promise<FileHandle> {
  if (at.isGuarded) await closeUnless(handle, requireUnchanged(handle, at.path, at.shownPath))
  await closeUnless(
    handle,
    handle.stat({ bigint: true }).then((found) => requireRegular(found, at.shownPath)),
  )
  return handle
}

async function closeUnless(handle: FileHandle, isGood: Promise<void>): Promise<void> {
  try {
    await isGood
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Asked before opening as well: opening a device can already have an effect. */
async function refuseSpecial(path: string, shownPath: string): Promise<void> {
  requireRegular(await stat(path, { bigint: true }), shownPath)
}

function requireRegular(found: BigIntStats, shownPath: string): void {
  if (found.isFile()) return
  const shown = cut(shownPath, 200)
  if (found.isDirectory()) throw new Fault(`[Errno 21] Is a directory: '${shown}'`, { retryable: true })
  throw new Fault(`'${shown}' is not a regular file`, { retryable: false })
}

async function requireUnchanged(handle: FileHandle, path: string, shownPath: string): Promise<void> {
  if (!(await isAt(handle, path))) throw new Violation(`Path '${cut(shownPath, 1_000)}' changed while it was opened`)
}

async function isAt(handle: FileHandle, path: string): Promise<boolean> {
  if (HAS_DESCRIPTOR_PATHS) return (await readlink(`/proc/self/fd/${handle.fd}`)) === path
  if ((await realpath(path)) !== path) return false
  const [opened, found] = await Promise.all([handle.stat({ bigint: true }), stat(path, { bigint: true })])
  return opened.dev === found.dev && opened.ino === found.ino
}
