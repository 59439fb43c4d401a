import type { Plan } from '@agentloom/workflow'
import { failedStepOf, failureCause, layerOfCause, routingCause } from '../schedule/cause.ts'

/** A cause to skip says where a step stands in its plan; in another plan the same cause is another number. Null: it has no such step. */
export function movedCause(
  from: Plan,
  to: Plan,
  skipped: { readonly stepId: string; readonly cause: number },
): number | null {
  const failed = failedStepOf(from, skipped.cause)
  if (failed !== null) {
    const there = to.byId.get(failed.id)
    return there === undefined ? null : failureCause(to, there)
  }
  const layer = layerOfCause(from, skipped.cause)
  const passing = skipped.cause - routingCause(from, layer)
  const decider =
    from.nodes.find((node) => node.layer === layer && node.step.type === 'router') ?? from.byId.get(skipped.stepId)
  return routingCause(to, to.byId.get(decider?.id ?? '')?.layer ?? layer) + passing
}
