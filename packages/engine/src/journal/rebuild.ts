import type { Plan } from '@agentloom/workflow'
import { foldSteps } from '../fold/step-fold.ts'
import type { LoadedRun, StartRun } from '../ports/journal.ts'
import { isClean } from '../schedule/verdicts.ts'
import { outcomeOf, standingOf } from '../schedule/standing.ts'
import { cellOf, newRun, type CellStatus, type RunState } from './run-state.ts'

/**
 * A run in memory from its records alone, as after the loss of the process that held it: claims without an end are
 * expired, everything that was counted is counted again.
 */
export function rebuildRun(plan: Plan, start: StartRun, loaded: LoadedRun): RunState {
  const { header, records } = loaded
  const folds = foldSteps(header.runId, records)
  const run = newRun(start, header.createdAtMs)
  Object.assign(run, { updatedAtMs: header.updatedAtMs, status: header.status, error: header.error })
  run.records.push(...records)
  for (const node of plan.nodes) {
    const fold = folds.get(node.id)
    const outcome = outcomeOf(node, fold)
    if (outcome !== null) run.unresolved -= 1
    if (fold?.output != null)
      run.outputs.set(node.id, { status: fold.status === 'success' ? 'success' : 'failed', text: fold.output })
    if (fold?.error != null && outcome?.kind === 'failed' && run.failure === null)
      run.failure = { rank: node.index, error: fold.error }
    run.spentNanoUsd += fold?.usage.costNanoUsd ?? 0
    const standing = standingOf(plan, node, (source) => outcomeOf(source, folds.get(source.id)))
    const isDecidable = standing.edgeCount === node.sources.length
    if (fold === undefined && standing.edgeCount === 0 && !isDecidable) continue
    const cell = cellOf(run, node.id, node.index)
    Object.assign(cell, standing, { epoch: fold?.epoch ?? 0, failures: fold?.failures ?? 0 })
    const unresolved: CellStatus = !isDecidable ? 'waiting' : isClean(standing.verdicts) ? 'ready' : 'undecided'
    cell.status =
      fold === undefined || fold.status === 'ready' ? unresolved : fold.status === 'running' ? 'expired' : fold.status
    if (cell.status === 'expired') run.inFlight += 1
  }
  return run
}
