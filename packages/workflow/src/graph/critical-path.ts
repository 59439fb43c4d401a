import type { Plan, PlanNode } from '../plan/plan.ts'

export interface CriticalPath {
  /** From a root on; of several longest ones the first in the plan's order. Empty for a plan without steps. */
  readonly steps: readonly string[]
  /** Sum of the weights. */
  readonly weight: number
}

/**
 * The heaviest chain of steps that wait for each other: no run is faster, with however many workers.
 * @param weightOf of one step, 0 or more, in whatever unit; by default each counts 1
 */
export function criticalPath({ nodes }: Plan, weightOf: (node: PlanNode) => number = () => 1): CriticalPath {
  // A node's index is its rank, and every source has a lower one.
  const weights: number[] = []
  const before: (number | null)[] = []
  for (const node of nodes) {
    let heaviest: number | null = null
    for (const source of node.sources) {
      if (heaviest === null || (weights[source] ?? 0) > (weights[heaviest] ?? 0)) heaviest = source
    }
    weights.push(weightOf(node) + (heaviest === null ? 0 : (weights[heaviest] ?? 0)))
    before.push(heaviest)
  }
  let end: number | null = null
  for (const [rank, weight] of weights.entries()) if (end === null || weight > (weights[end] ?? 0)) end = rank
  const steps: string[] = []
  for (let at = end; at !== null; at = before[at] ?? null) steps.unshift(nodes[at]?.id ?? '')
  return { steps, weight: end === null ? 0 : (weights[end] ?? 0) }
}
