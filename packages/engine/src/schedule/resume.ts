import type { Plan, PlanNode } from '@agentloom/workflow'
import { foldSteps, type StepFold } from '../fold/step-fold.ts'
import type { LoadedRun, ReopenRun, StepRank, StepStanding } from '../ports/journal.ts'
import { failedStepOf } from './cause.ts'
import { outcomeOf, standingOf } from './standing.ts'
import { EDGES_PER_COMMAND, nodeAt } from './verdicts.ts'

export interface ResumeOptions {
  readonly reason: string
  /** Replaces the workflow's budget when given. */
  readonly budgetNanoUsd?: number
}

/**
 * What resuming a run means (scheduling.md rule 11): failed, timed-out and failure-skipped steps are undecided again,
 * successes and routing skips stay. Null where there is nothing to resume: the run succeeded or was cancelled.
 */
export function planResume(plan: Plan, loaded: LoadedRun, options: ResumeOptions): ReopenRun | null {
  const { header, records } = loaded
  if (header.status === 'success' || header.status === 'cancelled') return null
  const folds = foldSteps(header.runId, records)
  const isReopened = (node: PlanNode): boolean => runsAgain(plan, folds.get(node.id))
  const outcome = (node: PlanNode) => (isReopened(node) ? null : outcomeOf(node, folds.get(node.id)))
  const reopened: StepStanding[] = []
  const counted: StepStanding[] = []
  const isWide = (node: PlanNode): boolean => node.edges.length > EDGES_PER_COMMAND
  const ready: StepRank[] = []
  let unresolvedCount = 0
  for (const node of plan.nodes) {
    if (outcome(node) !== null) continue
    unresolvedCount += 1
    const standing = standingOf(plan, node, outcome)
    const step: StepRank = { stepId: node.id, rank: node.index }
    const hasCountedReopened = node.sources.some((index) => isReopened(nodeAt(plan, index)))
    if (isReopened(node) || hasCountedReopened) reopened.push({ step, ...standing })
    else if (node.sources.some((index) => isWide(nodeAt(plan, index)))) counted.push({ step, ...standing })
    if (standing.edgeCount === node.sources.length) ready.push(step)
  }
  return {
    runId: header.runId,
    recordCount: records.length,
    reason: options.reason,
    reopened,
    counted,
    spread: plan.nodes.filter((node) => isWide(node) && folds.has(node.id)).map(({ id }) => id),
    ready,
    unresolvedCount,
    budgetNanoUsd: options.budgetNanoUsd ?? plan.config.budgetNanoUsd,
    timeoutMs: plan.config.timeoutMs,
  }
}

function runsAgain(plan: Plan, fold: StepFold | undefined): boolean {
  if (fold === undefined) return false
  if (fold.status === 'failed' || fold.status === 'timeout') return true
  return fold.status === 'skipped' && fold.cause !== null && failedStepOf(plan, fold.cause) !== null
}
