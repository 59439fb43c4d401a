import { isRouter, possibleTargets } from '../graph/reach.ts'
import type { Plan, PlanNode } from '../plan/plan.ts'

/** Steps looked at for all questions of one plan; beyond it every answer is the one that warns of nothing. */
const CHECKS_MAX = 2_000_000

/**
 * What must hold for a step to run. A *guard* is a step that may be skipped by itself: it has a `when`, or depends on a
 * router that may choose another. Everything that waits for it is skipped with it.
 */
export class Guards {
  readonly #nodes: readonly PlanNode[]
  readonly #isGuard: readonly boolean[]
  readonly #known = new Map<number, Uint8Array>()
  #checksLeft = CHECKS_MAX

  constructor({ nodes }: Plan) {
    this.#nodes = nodes
    const choices = new Map<number, number>()
    for (const node of nodes) if (isRouter(node)) choices.set(node.index, possibleTargets(node.step).size)
    this.#isGuard = nodes.map(
      ({ step, dependsOn }) => step.when !== null || dependsOn.some((rank) => (choices.get(rank) ?? 0) > 1),
    )
  }

  /** The guards that must have been passed where a step runs: itself, and those that it waits for. */
  of(rank: number): readonly number[] {
    return this.#isGuard.flatMap((isGuard, guard) =>
      isGuard && guard <= rank && this.implies(rank, guard) ? [guard] : [],
    )
  }

  /** Whether a step can only run where another one was not skipped. */
  implies(rank: number, other: number): boolean {
    return rank === other || (rank > other && this.#impliers(other)?.[rank - other] !== 0)
  }

  /** Whether one run never executes both: one router chooses between them. */
  areExclusive(left: number, right: number): boolean {
    const routersOf = (rank: number): readonly (readonly [router: number, guard: number])[] =>
      this.of(rank).flatMap((guard) => {
        const router = this.#onlyRouter(guard)
        return router === null ? [] : [[router, guard] as const]
      })
    const others = new Map(routersOf(right))
    return routersOf(left).some(([router, guard]) => (others.get(router) ?? guard) !== guard)
  }

  /** By distance in rank, 1 for the steps that run only where this one was not skipped; null when there was too much to ask. */
  #impliers(other: number): Uint8Array | null {
    const known = this.#known.get(other)
    if (known !== undefined) return known
    const count = this.#nodes.length - other
    this.#checksLeft -= count
    if (this.#checksLeft < 0) return null
    const implies = new Uint8Array(count)
    implies[0] = 1
    for (const { index, step, dependsOn } of this.#nodes.slice(other + 1)) {
      const one = (dependency: number): boolean => dependency >= other && implies[dependency - other] === 1
      const answer = step.join === 'any' ? dependsOn.length > 0 && dependsOn.every(one) : dependsOn.some(one)
      if (answer) implies[index - other] = 1
    }
    this.#known.set(other, implies)
    return implies
  }

  /** The router that alone decides about a step, or null. */
  #onlyRouter(rank: number): number | null {
    const routers = (this.#nodes[rank]?.dependsOn ?? []).filter((source) => this.#nodes[source]?.step.type === 'router')
    const [router] = routers
    return routers.length === 1 && router !== undefined ? router : null
  }
}
