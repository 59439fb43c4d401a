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

/** A skip that goes no further: see `everyRouterLayerDecides` of Compat. The step that it skips is behind two others, so there are three. */
export function passingCause(plan: Plan, layer: number): number {
  return routingCause(plan, layer) + 1
}

export function isRoutingCause(plan: Plan, cause: number): boolean {
  return Math.floor(cause / plan.nodes.length) % 2 === 1
}

export function isPassingCause(plan: Plan, cause: number): boolean {
  return isRoutingCause(plan, cause) && cause % plan.nodes.length === 1
}

export function layerOfCause(plan: Plan, cause: number): number {
  return Math.floor(cause / plan.nodes.length / 2)
}

/** The failed step that a cause names, or null for a routing decision. */
export function failedStepOf(plan: Plan, cause: number): PlanNode | null {
  return isRoutingCause(plan, cause) ? null : (plan.nodes[cause % plan.nodes.length] ?? null)
}

/** The error of a skipped step: names the failure above it; null where a router chose another way. */
export function skipMessage(plan: Plan, cause: number): string | null {
  const failed = failedStepOf(plan, cause)
  return failed === null ? null : `skipped due to upstream failure: ${failed.id}`
}
