import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** Names a process for as long as it lives: a pid alone is given to another process after its death. */
export interface ProcessIdentity {
  readonly pid: number
  /** Boot and start time as the kernel tells them; null where it does not (outside Linux). */
  readonly started: string | null
  readonly host: string
}

/** A process of another machine can only be seen by what it writes; three missed beats (5 s) and time for a slow disk. */
const SEEN_MS_MAX = 30_000

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid), host: hostname() }
}

export function isAlive(other: ProcessIdentity & { readonly seen: number }, nowMs: number): boolean {
  if (other.host !== hostname()) return nowMs - other.seen < SEEN_MS_MAX
  if (!exists(other.pid)) return false
  const started = startOf(other.pid)
  return other.started === null || started === null || other.started === started
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' // it lives, as another user
  }
}

function startOf(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, second field, is in brackets and may hold blanks; the start time is field 22, the 20th behind it.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return started === undefined ? null : `${boot}/${started}`
  } catch {
    return null
  }
}
