import type { Plan } from '@agentloom/workflow'
import { closingOf } from '../fold/closing.ts'
import { foldSteps, type StepFold } from '../fold/step-fold.ts'
import type { RunHeader, StartRun } from '../ports/journal.ts'
import { isClean } from '../schedule/verdicts.ts'
import { outcomeOf, standingOf } from '../schedule/standing.ts'
import type { JournalRecord } from './record.ts'
import { AWAITING_BUDGET } from './budget.ts'
import { cellOf, isOpen, newRun, type CellStatus, type RunState, type StepCell } from './run-state.ts'
import { hindranceOf, restingStatus } from './status.ts'

export interface RebuiltFrom {
  readonly header: Pick<RunHeader, 'runId' | 'createdAtMs' | 'updatedAtMs'>
  readonly records: readonly JournalRecord[]
}

/**
 * A run in memory from its records alone, as after the loss of the process that held it: claims without an end are
 * expired, everything that was counted is counted again.
 */
export function rebuildRun(plan: Plan, start: StartRun, loaded: RebuiltFrom): RunState {
  const { header, records } = loaded
  const folds = foldSteps(header.runId, records)
  const run = newRun(start, header.createdAtMs)
  run.updatedAtMs = header.updatedAtMs
  run.records.push(...records)
  const visits = visitsOf(records)
  for (const node of plan.nodes) {
    const fold = folds.get(node.id)
    const outcome = outcomeOf(node, fold)
    if (outcome !== null) run.unresolved -= 1
    restoreOutput(run, node.id, fold)
    if (fold?.error != null && (outcome?.kind === 'failed' || outcome?.kind === 'timeout') && run.failure === null)
      run.failure = { rank: node.index, error: fold.error }
    const standing = standingOf(plan, node, (source) => outcomeOf(source, folds.get(source.id)))
    const isDecidable = standing.edgeCount === node.sources.length
    if (fold === undefined && standing.edgeCount === 0 && !isDecidable && !visits.has(node.id)) continue
    const fresh: CellStatus = !isDecidable ? 'waiting' : isClean(standing.verdicts) ? 'ready' : 'undecided'
    const cell = Object.assign(cellOf(run, node.id, node.index), standing)
    restore(cell, fold, visits.get(node.id) ?? 1, fresh)
    if (cell.status === 'expired') run.inFlight += 1
    if (isOpen(cell.status)) run.open += 1
    if (hindranceOf(cell) === 'gate') run.gates += 1
    if (hindranceOf(cell) === 'park') run.parks += 1
  }
  run.closing = closingOf(records)
  restoreCleanup(run, folds, visits)
  for (const record of records) retell(run, record)
  restoreStatus(run)
  return run
}

function restore(cell: StepCell, fold: StepFold | undefined, visit: number, fresh: CellStatus): void {
  cell.visit = visit
  cell.status = fold === undefined ? fresh : statusOf(fold)
  if (fold === undefined) return
  const { failures, deaths, wait, untilMs, childStatus, wake } = fold
  Object.assign(cell, { failures, deaths, wait, untilMs, childStatus, wake })
}

function restoreOutput(run: RunState, stepId: string, fold: StepFold | undefined): void {
  if (fold?.output == null) return
  run.outputs.set(stepId, { status: fold.status === 'success' ? 'success' : 'failed', text: fold.output })
}

/** The cleanup step is not among the plan's. */
function restoreCleanup(
  run: RunState,
  folds: ReadonlyMap<string, StepFold>,
  visits: ReadonlyMap<string, number>,
): void {
  const { cleanup } = run.start
  const visit = cleanup === null ? undefined : visits.get(cleanup.stepId)
  if (cleanup === null || (run.closing === null && visit === undefined)) return
  restoreOutput(run, cleanup.stepId, folds.get(cleanup.stepId))
  const cell = cellOf(run, cleanup.stepId, cleanup.rank)
  restore(cell, folds.get(cleanup.stepId), visit ?? 1, run.closing === null ? 'waiting' : 'ready')
}

function statusOf({ status, wait }: StepFold): CellStatus {
  if (wait !== null) return 'suspended'
  switch (status) {
    case 'running':
    case 'paused':
    case 'parked':
      return 'expired'
    case 'ready':
    case 'backoff':
    case 'success':
    case 'failed':
    case 'timeout':
    case 'skipped':
      return status
    default:
      return status satisfies never
  }
}

/** By step that was ever reopened. */
function visitsOf(records: readonly JournalRecord[]): ReadonlyMap<string, number> {
  const visits = new Map<string, number>()
  for (const record of records) {
    if (record.kind !== 'reopened') continue
    for (const stepId of record.stepIds) visits.set(stepId, (visits.get(stepId) ?? 1) + 1)
  }
  return visits
}

/** Where it is not over, a run begins `queued`, and leaves that with its first claim or with a verb of its user's. */
function restoreStatus(run: RunState): void {
  const last = run.records.findLast(({ kind }) => kind === 'ended' || kind === 'reopened')
  if (last?.kind === 'ended') {
    run.status = last.status
    run.error = last.error
    return
  }
  const hasBegun = run.records.some(({ kind }) => kind === 'claimed' || kind === 'reopened' || kind === 'closing')
  if (hasBegun || run.isHeld) run.status = restingStatus(run)
}

/** What a record says beyond its step's present visit. */
function retell(run: RunState, record: JournalRecord): void {
  if ('usage' in record) run.spentNanoUsd += record.usage?.costNanoUsd ?? 0
  const cell = 'stepId' in record ? run.cells.get(record.stepId) : undefined
  if (cell !== undefined && 'epoch' in record) cell.epoch = Math.max(cell.epoch, record.epoch)
  if (cell !== undefined && record.kind === 'claimed') cell.noted = null
  if (cell !== undefined && record.kind === 'noted') (cell.noted ??= new Set()).add(record.note)
  if (record.kind === 'signalled') run.signals.set(record.name, record.payload)
  const isFreed = record.kind === 'closing' || record.kind === 'reopened'
  if (record.kind !== 'paused' && !isFreed) return
  run.isHeld = !isFreed
  run.awaitsBudget = record.kind === 'paused' && record.reason === AWAITING_BUDGET
}
