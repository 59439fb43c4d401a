import { execFileSync } from 'node:child_process'

/** `whole`: a program without a Redis beside it. */
export type Role = 'client' | 'redis' | 'whole'

/** Which CPUs client and Redis get. Unpinned, a process lands in one of two modes whose figures differ by a factor of two. */
export interface Pinning {
  /** For the table's head. */
  readonly mode: string
  readonly isPinned: boolean
  /** The command line that starts a program on the role's CPUs. */
  commandFor(role: Role, command: readonly string[]): readonly string[]
  /** Moves a process that runs already, all its threads. */
  move(role: Role, pid: number): void
}

export function pinningFor(cpus: 1 | 2): Pinning {
  const allowed = allowedCpus()
  const [first, second] = allowed ?? []
  if (first === undefined || (cpus === 2 && second === undefined)) {
    const why = allowed === null ? 'no taskset here' : 'too few CPUs'
    return {
      mode: `UNPINNED (${why}): figures may jump between two modes`,
      isPinned: false,
      commandFor: (_, command) => command,
      move: () => {},
    }
  }
  const cpuOf = (role: Role): string => {
    if (cpus === 1) return `${first}`
    return { client: `${first}`, redis: `${second}`, whole: `${first},${second}` }[role]
  }
  return {
    mode:
      cpus === 1
        ? `one CPU: client and Redis both pinned to CPU ${first}`
        : `two CPUs: client pinned to CPU ${first}, Redis to CPU ${second}; embedded has both`,
    isPinned: true,
    commandFor: (role, command) => ['taskset', '-c', cpuOf(role), ...command],
    move: (role, pid) => void execFileSync('taskset', ['-a', '-c', '-p', cpuOf(role), `${pid}`]),
  }
}

/** CPUs that this process may use; null where nobody can say or pin. */
function allowedCpus(): number[] | null {
  try {
    const said = execFileSync('taskset', ['-c', '-p', `${process.pid}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const list = /: ([0-9,-]+)\s*$/.exec(said)?.[1]
    return list === undefined ? null : list.split(',').flatMap(rangeOf)
  } catch {
    return null
  }
}

function rangeOf(text: string): number[] {
  const [from = 0, to = from] = text.split('-').map(Number)
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}
