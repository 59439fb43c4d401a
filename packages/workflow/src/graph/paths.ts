import type { Plan } from '../plan/plan.ts'

/** Paths listed unless a caller asks for another number: a ladder of 14 diamonds has more. */
export const PATHS_MAX = 10_000

export interface Paths {
  readonly paths: readonly (readonly string[])[]
  /** False where there are more. */
  readonly isComplete: boolean
}

/**
 * Every way along `depends_on` from a step that depends on nothing to one that nothing depends on. As a plan has no cycles,
 * these are also its prime paths: the simple paths that lie within no other.
 */
export function pathsOf({ nodes }: Plan, { max = PATHS_MAX }: { readonly max?: number } = {}): Paths {
  const dependents = nodes.map(({ edges }) => edges.filter(({ isExplicit }) => isExplicit).map(({ to }) => to))
  const paths: string[][] = []
  for (const { index, dependsOn } of nodes) {
    if (dependsOn.length > 0) continue
    // The way to where we are, and of each step on it which dependent comes next.
    const way = [index]
    const next = [0]
    while (way.length > 0) {
      const below = dependents[way.at(-1) ?? 0] ?? []
      const turn = next.at(-1) ?? 0
      const to = below[turn]
      if (below.length === 0) {
        if (paths.length >= max) return { paths, isComplete: false }
        paths.push(way.map((rank) => nodes[rank]?.id ?? ''))
      }
      if (to === undefined) {
        way.pop()
        next.pop()
      } else {
        next[next.length - 1] = turn + 1
        way.push(to)
        next.push(0)
      }
    }
  }
  return { paths, isComplete: true }
}
