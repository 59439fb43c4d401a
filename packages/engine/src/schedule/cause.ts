import type { Plan, PlanNode } from '@agentloom/workflow'

/**
 * Why a step is skipped, as one number whose order is that of scheduling.md rule 5: by layer, failures before routing,
 * then by the failed step. `(layer × 2 + kind) × nodes + index`; kind 0 is a failure, kind 1 a routing decision.
 */
export function failureCause(plan: Plan, failed: PlanNode): number {
  return failed.layer * 2 * plan.nodes.length + failed.index
}

export function routingCause(plan: Plan, layer: number): number {
  return (layer * 2 + 1) * plan.nodes.length
}

/** The failed step that a cause names, or null for a routing decision. */
export function failedStepOf(plan: Plan, cause: number): PlanNode | null {
  const count = plan.nodes.length
  const isRouting = Math.floor(cause / count) % 2 === 1
  return isRouting ? null : (plan.nodes[cause % count] ?? null)
}

/** The error of a skipped step: names the failure above it; null where a router chose another way. */
export function skipMessage(plan: Plan, cause: number): string | null {
  const failed = failedStepOf(plan, cause)
  return failed === null ? null : `skipped due to upstream failure: ${failed.id}`
}
