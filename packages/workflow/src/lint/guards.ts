import { isRouter, possibleTargets } from '../graph/reach.ts'
import type { Plan, PlanNode } from '../plan/plan.ts'

/** Steps looked at for all questions of one plan; beyond it every answer is the one that warns of nothing. */
const CHECKS_MAX = 20_000_000

/**
 * What must hold for a step to run. A *guard* is a step that may be skipped by itself: it has a `when`, or depends on a
 * router that may choose another. Everything that waits for it is skipped with it.
 */
export class Guards {
  readonly #nodes: readonly PlanNode[]
  readonly #isGuard: readonly boolean[]
  /** Whether a step may be skipped at all; most steps may not, and cost nothing more. */
  readonly #mayBeSkipped: readonly boolean[]
  readonly #impliers = new Map<number, Uint8Array>()
  #checksLeft = CHECKS_MAX

  constructor({ nodes }: Plan) {
    this.#nodes = nodes
    const choices = new Map<number, number>()
    for (const node of nodes) if (isRouter(node)) choices.set(node.index, possibleTargets(node.step).size)
    this.#isGuard = nodes.map(
      ({ step, dependsOn }) => step.when !== null || dependsOn.some((rank) => (choices.get(rank) ?? 0) > 1),
    )
    const mayBeSkipped: boolean[] = []
    for (const { index, dependsOn } of nodes) {
      mayBeSkipped.push(this.#isGuard[index] === true || dependsOn.some((rank) => mayBeSkipped[rank] === true))
    }
    this.#mayBeSkipped = mayBeSkipped
  }

  /** A guard that `source` needs and `rank` does not: where it is not passed, the one runs and the other is skipped. */
  missedBy(rank: number, source: number): number | null {
    if (this.#mayBeSkipped[source] !== true) return null
    const { ranks, isWhole } = this.#impliedBy(rank)
    for (const guard of this.#impliedBy(source, ranks).ranks) {
      if (this.#isGuard[guard] !== true || ranks.has(guard)) continue
      if (isWhole || !this.#implies(rank, guard)) return this.#checksLeft < 0 ? null : guard
    }
    return null
  }

  /** Whether one run never executes both: one router chooses between them. */
  areExclusive(left: number, right: number): boolean {
    const routersOf = (rank: number): readonly (readonly [router: number, guard: number])[] =>
      [...this.#impliedBy(rank).ranks].flatMap((guard) => {
        const router = this.#onlyRouter(guard)
        return router === null ? [] : [[router, guard] as const]
      })
    const others = new Map(routersOf(right))
    const isSeen = routersOf(left).some(([router, guard]) => (others.get(router) ?? guard) !== guard)
    return isSeen || this.#checksLeft < 0
  }

  /**
   * The steps that were not skipped where one runs: itself, and what it waits for; not beyond those of `known`. Not whole where
   * a step may go on behind any of several: what all of those have in common is left out.
   */
  #impliedBy(rank: number, known?: ReadonlySet<number>): { ranks: ReadonlySet<number>; isWhole: boolean } {
    const ranks = new Set([rank])
    let isWhole = true
    for (const at of ranks) {
      const { step, dependsOn = [] } = this.#nodes[at] ?? {}
      if (step?.join === 'any' && dependsOn.length > 1) {
        isWhole = false
        continue
      }
      this.#checksLeft -= dependsOn.length + 1
      if (this.#checksLeft < 0) break
      for (const dependency of dependsOn) if (known?.has(dependency) !== true) ranks.add(dependency)
    }
    return { ranks, isWhole }
  }

  /** Whether a step can only run where another one was not skipped; dear, and exact. */
  #implies(rank: number, other: number): boolean {
    return rank === other || (rank > other && this.#impliersOf(other)?.[rank - other] !== 0)
  }

  /** By distance in rank, 1 for the steps that run only where this one was not skipped; null when there was too much to ask. */
  #impliersOf(other: number): Uint8Array | null {
    const known = this.#impliers.get(other)
    if (known !== undefined) return known
    const count = this.#nodes.length - other
    this.#checksLeft -= count
    if (this.#checksLeft < 0) return null
    const implies = new Uint8Array(count)
    implies[0] = 1
    for (let at = 1; at < count; at++) {
      const { step, dependsOn = [] } = this.#nodes[other + at] ?? {}
      const one = (dependency: number): boolean => dependency >= other && implies[dependency - other] === 1
      const answer = step?.join === 'any' ? dependsOn.length > 0 && dependsOn.every(one) : dependsOn.some(one)
      if (answer) implies[at] = 1
    }
    this.#impliers.set(other, implies)
    return implies
  }

  /** The router that alone decides about a step, or null. */
  #onlyRouter(rank: number): number | null {
    const routers = (this.#nodes[rank]?.dependsOn ?? []).filter((source) => this.#nodes[source]?.step.type === 'router')
    const [router] = routers
    return routers.length === 1 && router !== undefined ? router : null
  }
}
