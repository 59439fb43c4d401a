import { CLEANUP_STEP, type Plan } from '@agentloom/workflow'
import type { PoolMap } from '../ports/journal.ts'

/** The pool of steps that name none, nor their workflow. */
export const DEFAULT_POOL = 'default'

/** Which pool of workers executes a step: its own `queue`, else its workflow's. */
export function poolOf(plan: Plan, stepId: string): string {
  return plan.byId.get(stepId)?.step.queue ?? plan.config.queue ?? DEFAULT_POOL
}

/** BullMQ's job priority of a step: its own, else its run's. */
export function priorityOf(plan: Plan, stepId: string, ofRun: number): number {
  return plan.byId.get(stepId)?.step.priority ?? ofRun
}

/** Made once a plan: a START must not look through its steps. */
const maps = new WeakMap<Plan, PoolMap>()

/** The pools of all steps: the workflow's, and the steps that have another one. */
export function poolsOf(plan: Plan): PoolMap {
  const found = maps.get(plan)
  if (found !== undefined) return found
  const map = poolMap(plan)
  maps.set(plan, map)
  return map
}

function poolMap(plan: Plan): PoolMap {
  const byDefault = poolOf(plan, CLEANUP_STEP)
  const others = plan.nodes.flatMap(({ id, step: { queue } }): readonly (readonly [string, string])[] =>
    queue === null || queue === byDefault ? [] : [[id, queue]],
  )
  return { byDefault, others }
}
