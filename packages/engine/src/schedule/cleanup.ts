import { CLEANUP_STEP, type Plan } from '@agentloom/workflow'
import type { StepRank } from '../ports/journal.ts'

/** The hidden step that cleans up after a run of the plan, behind all its steps in the order; null where there is nothing to do. */
export function cleanupOf(plan: Plan): StepRank | null {
  return plan.cleanup === null ? null : { stepId: CLEANUP_STEP, rank: plan.nodes.length }
}
