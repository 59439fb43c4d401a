import { readFileSync, readlinkSync } from 'node:fs'

/** What tells a process from all others that ever had its pid, as long as both can be seen from one place. */
export interface ProcessMark {
  readonly pid: number
  /** Boot and pid namespace: where the pid means something. Null where the kernel does not tell (outside Linux). */
  readonly space: string | null
  /** In ticks since that boot. */
  readonly started: string | null
}

export function ownMark(): ProcessMark {
  return { pid: process.pid, space: ownSpace(), started: statOf(process.pid)?.started ?? null }
}

/** Whether that process has ended for certain. False where this cannot be seen from here: another machine, another container. */
export function hasEnded({ pid, space, started }: ProcessMark): boolean {
  if (space === null || space !== ownSpace()) return false
  const found = statOf(pid)
  // Killed, and nobody has asked how it ended: in a container without an init it stays so for ever.
  return found === null || found.state === 'Z' || (started !== null && found.started !== started)
}

function ownSpace(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return null
  }
}

function statOf(pid: number): { readonly state: string; readonly started: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, second field, is in brackets and may hold blanks; behind it the state comes first, and the start time, field 22, as 20th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, started] = [fields[0], fields[19]]
    return state === undefined || started === undefined ? null : { state, started }
  } catch {
    return null
  }
}
