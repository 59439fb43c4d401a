// What edges say where a plan asks for the reference's layers: see Compat in @agentloom/workflow.
import type { Plan, PlanEdge, PlanNode } from '@agentloom/workflow'
import type { Verdicts } from '../ports/journal.ts'
import { isRoutingCause, layerOfCause, passingCause, routingCause } from './cause.ts'

const NOTHING: Verdicts = { cause: null, voted: null, chosen: false, admitted: false }

/**
 * `everyRouterLayerDecides`: routers of one layer share their choices, and each such layer has to have chosen the step. A router that
 * is alone in its layer decides at once; several vote together. One of the layer before that the step does not depend on only passes
 * it over: what comes behind the step still runs. Null: it says what any other step says.
 */
export function layeredVerdicts(
  plan: Plan,
  router: PlanNode,
  { isChosen, edge, target }: { readonly isChosen: boolean; readonly edge: PlanEdge; readonly target: PlanNode },
): Verdicts | null {
  if (!plan.compat.everyRouterLayerDecides || !dependsOnRouter(plan, target)) return null
  if (!edge.isExplicit && !decidesLayer(plan, router, target)) return NOTHING
  const isAlone = !target.sources.some(
    (index) =>
      index !== router.index && plan.nodes[index]?.step.type === 'router' && plan.nodes[index].layer === router.layer,
  )
  if (!isAlone) return { cause: null, voted: router.layer, chosen: isChosen, admitted: isChosen }
  if (isChosen) return { ...NOTHING, admitted: edge.isExplicit }
  return { ...NOTHING, cause: edge.isExplicit ? routingCause(plan, router.layer) : passingCause(plan, router.layer) }
}

/** Whether the routers of this one's layer have a say about a step: it depends on one of them, or its own layer is the next. */
function decidesLayer(plan: Plan, router: PlanNode, target: PlanNode): boolean {
  if (router.layer === target.layer - 1) return true
  return target.dependsOn.some(
    (index) => plan.nodes[index]?.step.type === 'router' && plan.nodes[index].layer === router.layer,
  )
}

function dependsOnRouter(plan: Plan, target: PlanNode): boolean {
  return target.dependsOn.some((index) => plan.nodes[index]?.step.type === 'router')
}

/**
 * `gateForgetsRoutingSkips`: after a pause only the routers themselves are remembered, so that a skip that a router caused before a
 * gate goes no further behind it.
 */
export function isForgotten(plan: Plan, cause: number, target: PlanNode): boolean {
  if (!plan.compat.gateForgetsRoutingSkips || !isRoutingCause(plan, cause)) return false
  const layer = layerOfCause(plan, cause)
  return plan.nodes.some((node) => layer <= node.layer && node.layer < target.layer && holdsGate(node))
}

export function holdsGate({ step }: PlanNode): boolean {
  if (step.type === 'approval_gate') return true
  if (step.type !== 'subworkflow' || 'broken' in step.child) return false
  return step.child.nodes.some(holdsGate)
}
