import type { Findings } from '../diagnostics/findings.ts'
import { shown } from '../diagnostics/shown.ts'
import type { Entry } from './dependencies.ts'

/** Ids of a cycle that a message names; the middle of a longer one is left out. */
const NAMED_MAX = 20
const REPORTED_MAX = 20

/** Reports the cycles of `depends_on`, each from the step of it that was declared first. Without recursion. */
export function reportCycles(
  entries: readonly Entry[],
  dependencies: readonly (readonly number[])[],
  findings: Findings,
): void {
  const done = new Uint8Array(entries.length)
  const depth = new Int32Array(entries.length).fill(-1)
  let reported = 0
  for (let start = 0; start < entries.length && reported < REPORTED_MAX; start++) {
    if (done[start] === 1) continue
    const path = [start]
    const nextSource = [0]
    depth[start] = 0
    while (path.length > 0) {
      const node = path.at(-1) ?? 0
      const at = nextSource.at(-1) ?? 0
      const source = dependencies[node]?.[at]
      nextSource[nextSource.length - 1] = at + 1
      if (source === undefined) {
        done[node] = 1
        depth[node] = -1
        path.pop()
        nextSource.pop()
      } else if (done[source] === 0 && (depth[source] ?? -1) === -1) {
        depth[source] = path.length
        path.push(source)
        nextSource.push(0)
      } else if ((depth[source] ?? -1) !== -1 && reported++ < REPORTED_MAX) {
        reportCycle(path.slice(depth[source]), entries, findings)
      }
    }
  }
}

function reportCycle(cycle: readonly number[], entries: readonly Entry[], findings: Findings): void {
  const first = cycle.reduce((lowest, index) => Math.min(lowest, index), Infinity)
  const from = cycle.indexOf(first)
  const names = [...cycle.slice(from), ...cycle.slice(0, from), first].map((index) =>
    shown(entries[index]?.step.id ?? '', 80),
  )
  const half = NAMED_MAX / 2
  const left = names.length > NAMED_MAX ? [...names.slice(0, half), '…', ...names.slice(-half)] : names
  findings.error('workflow/cycle', [...(entries[first]?.path ?? []), 'depends_on'], left.join(' -> '), {
    help: 'steps cannot wait for each other: remove one of these dependencies',
  })
}
