import type { Plan } from '@agentloom/workflow'
import type { Offer } from '../ports/journal.ts'
import type { Bell } from '../ports/runtime.ts'
import { poolOf, priorityOf } from '../schedule/pools.ts'

/** @param priority of the run */
export function bellOf(plan: Plan, { runId, stepId, epoch }: Offer, priority: number): Bell {
  return {
    runId,
    stepId,
    epoch,
    workflow: plan.name,
    definition: plan.hash,
    priority: priorityOf(plan, stepId, priority),
    queue: poolOf(plan, stepId),
  }
}
