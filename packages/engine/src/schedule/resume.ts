import type { Plan, PlanNode } from '@agentloom/workflow'
import { foldSteps, type StepFold } from '../fold/step-fold.ts'
import { closingOf } from '../fold/closing.ts'
import { isOver } from '../journal/run-state.ts'
import type { LoadedRun, ReopenRun, StepRank, StepStanding } from '../ports/journal.ts'
import { failedStepOf } from './cause.ts'
import { cleanupOf } from './cleanup.ts'
import { outcomeOf, standingOf } from './standing.ts'
import { EDGES_PER_COMMAND, nodeAt, NO_VERDICTS } from './verdicts.ts'

export interface ResumeOptions {
  readonly reason: string
  /** Replaces the workflow's budget when given. */
  readonly budgetNanoUsd?: number
  /** Of the failed steps only this one runs again, and what was skipped for it. Default: all. */
  readonly only?: string
}

/**
 * What resuming a run means (scheduling.md rule 11): failed, timed-out and failure-skipped steps are undecided again,
 * successes and routing skips stay, and so does a step that waits or has waited in its visit: a gate is asked once. A run
 * that has cleaned up does so again at its next end. Null where there is nothing to resume: the run succeeded or was
 * cancelled, and not only by its parent's end.
 */
export function planResume(plan: Plan, loaded: LoadedRun, options: ResumeOptions): ReopenRun | null {
  const { header, records } = loaded
  const isCutOff = header.error?.code === 'run/parent-ended'
  if (header.status === 'success' || (header.status === 'cancelled' && !isCutOff)) return null
  const folds = foldSteps(header.runId, records)
  const base = {
    runId: header.runId,
    recordCount: records.length,
    reason: options.reason,
    budgetNanoUsd: options.budgetNanoUsd ?? header.budgetNanoUsd,
    timeoutMs: header.timeoutMs,
  }
  if (!isOver(header.status) && closingOf(records) !== null) return { ...base, ...goOnCleaning(plan, folds) }
  const isReopened = (node: PlanNode): boolean => runsAgain(plan, node, folds.get(node.id), options.only)
  const outcome = (node: PlanNode) => (isReopened(node) ? null : outcomeOf(node, folds.get(node.id)))
  const reopened: StepStanding[] = []
  const counted: StepStanding[] = []
  const isWide = (node: PlanNode): boolean => node.edges.length > EDGES_PER_COMMAND
  const ready: StepRank[] = []
  let unresolvedCount = 0
  for (const node of plan.nodes) {
    if (outcome(node) !== null) continue
    unresolvedCount += 1
    const fold = folds.get(node.id)
    if (!isReopened(node) && hasWaited(fold)) {
      if (fold?.wait === null) ready.push({ stepId: node.id, rank: node.index })
      continue
    }
    const standing = standingOf(plan, node, outcome)
    const step: StepRank = { stepId: node.id, rank: node.index }
    const hasCountedReopened = node.sources.some((index) => isReopened(nodeAt(plan, index)))
    if (isReopened(node) || hasCountedReopened) reopened.push({ step, ...standing })
    else if (node.sources.some((index) => isWide(nodeAt(plan, index)))) counted.push({ step, ...standing })
    if (standing.edgeCount === node.sources.length) ready.push(step)
  }
  const cleanup = cleanupOf(plan)
  if (cleanup !== null && folds.has(cleanup.stepId))
    reopened.push({ step: cleanup, edgeCount: 0, verdicts: NO_VERDICTS })
  const spread = plan.nodes.filter((node) => isWide(node) && folds.has(node.id)).map(({ id }) => id)
  return { ...base, reopened, counted, spread, ready, unresolvedCount, failure: firstFailure(plan, folds, isReopened) }
}

function firstFailure(
  plan: Plan,
  folds: ReadonlyMap<string, StepFold>,
  isReopened: (node: PlanNode) => boolean,
): NonNullable<ReopenRun['failure']> | null {
  for (const node of plan.nodes) {
    const { status, error = null } = folds.get(node.id) ?? {}
    if ((status === 'failed' || status === 'timeout') && error !== null && !isReopened(node))
      return { rank: node.index, error }
  }
  return null
}

/** A run that was held while it cleaned up: its other steps stay as its end has found them. */
function goOnCleaning(
  plan: Plan,
  folds: ReadonlyMap<string, StepFold>,
): Pick<ReopenRun, 'reopened' | 'counted' | 'spread' | 'ready' | 'unresolvedCount'> {
  const cleanup = cleanupOf(plan)
  const isReady = cleanup !== null && folds.get(cleanup.stepId)?.wait == null
  const unresolved = plan.nodes.filter((node) => outcomeOf(node, folds.get(node.id)) === null)
  const nothing = { reopened: [], counted: [], spread: [] }
  return { ...nothing, ready: isReady ? [cleanup] : [], unresolvedCount: unresolved.length }
}

function hasWaited(fold: StepFold | undefined): boolean {
  return fold !== undefined && (fold.wait !== null || fold.wake !== null)
}

function runsAgain(plan: Plan, { id }: PlanNode, fold: StepFold | undefined, only: string | undefined): boolean {
  if (fold === undefined) return false
  if (fold.status === 'failed' || fold.status === 'timeout') return only === undefined || id === only
  const failed = fold.status === 'skipped' && fold.cause !== null ? failedStepOf(plan, fold.cause) : null
  return failed !== null && (only === undefined || failed.id === only)
}
