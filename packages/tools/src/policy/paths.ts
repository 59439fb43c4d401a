import { readlink, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errnoCode, errnoText } from '../errno.ts'
import { cut, Fault, Violation } from '../errors.ts'
import { helpOf, listText, type Guard, type Policy } from './policy.ts'

/** As many symbolic links on one way as Linux follows. */
const LINKS_MAX = 40

/**
 * The path without links, `.` and `..`, as the kernel would walk it; what does not exist yet stays as written.
 * @throws the operating system's error, other than that something is missing
 */
export async function resolvePath(path: string, base: string): Promise<string> {
  const absolute = path.startsWith('/') ? path : `${base}/${path}`
  try {
    return await realpath(absolute)
  } catch (error) {
    if (!isMissing(error)) throw error
    return walk(absolute)
  }
}

async function walk(absolute: string): Promise<string> {
  const names = absolute.split('/').toReversed()
  let current = '/'
  let linkCount = 0
  for (let name = names.pop(); name !== undefined; name = names.pop()) {
    if (name === '' || name === '.') continue
    if (name === '..') {
      current = dirname(current)
      continue
    }
    const next = join(current, name)
    const target = await linkTarget(next)
    if (target === null) {
      current = next
      continue
    }
    if (++linkCount > LINKS_MAX) throw new Fault('too many levels of symbolic links', { retryable: false })
    if (target.startsWith('/')) current = '/'
    names.push(...target.split('/').toReversed())
  }
  return current
}

async function linkTarget(path: string): Promise<string | null> {
  try {
    return await readlink(path)
  } catch (error) {
    if (isMissing(error) || errnoCode(error) === 'EINVAL') return null // EINVAL: exists and is no link
    throw error
  }
}

function isMissing(error: unknown): boolean {
  const code = errnoCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}

/**
 * The real path that a tool may use for `access`.
 * @throws {Violation} in a guarded process, when it lies outside or cannot be told
 */
export async function allowedPath(
  path: string,
  access: 'readable' | 'writable',
  policy: Policy,
  runFolder: string,
): Promise<string> {
  const resolved = await resolveOrRefuse(path, policy, runFolder)
  for (const guard of policy.guards) {
    const folders = await resolveAll(guard[access])
    if (!folders.some((folder) => isInside(resolved, folder)))
      throw new Violation(
        `Path '${cut(resolved, 1_000)}' not within allowed ${access} directories. Allowed: ${listText(folders)}`,
        helpOf(guard, `add its folder to sandbox.allowed_paths or sandbox.${access}_paths`),
      )
  }
  return resolved
}

/** Whether a command's argument may name `path`: any list of a guard will do, reading and writing cannot be told apart. */
export async function isPathOfCommands(path: string, guard: Guard): Promise<boolean> {
  const folders = await resolveAll([...guard.readable, ...guard.writable])
  return folders.some((folder) => isInside(path, folder))
}

export async function resolveOrRefuse(path: string, policy: Policy, base: string): Promise<string> {
  try {
    if (path.includes('\0')) throw new Fault('embedded null byte', { retryable: false })
    return await resolvePath(path, base)
  } catch (error) {
    if (policy.guards.length === 0) throw error
    const reason = errnoText(error) ?? (error instanceof Error ? error.message : String(error))
    throw new Violation(`Cannot resolve path '${cut(path, 200)}': ${reason}`)
  }
}

function resolveAll(folders: readonly string[]): Promise<string[]> {
  return Promise.all(folders.map((folder) => resolvePath(folder, '/')))
}
