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
  return { pid: process.pid, started: statusOf(process.pid)?.started ?? null, host: hostname() }
}

export function isAlive(other: ProcessIdentity & { readonly seen: number }, nowMs: number): boolean {
  if (other.host !== hostname()) return nowMs - other.seen < SEEN_MS_MAX
  if (!exists(other.pid)) return false
  const found = statusOf(other.pid)
  // Killed, and nobody has asked how it ended: in a container without an init it stays so for ever.
  if (found?.state === 'Z') return false
  const started = found?.started ?? null
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

function statusOf(pid: number): { readonly state: string; readonly started: string } | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, second field, is in brackets and may hold blanks; behind it the state comes first, and the start time, field 22, as 20th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, started] = [fields[0], fields[19]]
    return state === undefined || started === undefined ? null : { state, started: `${boot}/${started}` }
  } catch {
    return null
  }
}
