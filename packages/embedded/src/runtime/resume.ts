import { foldSteps, isOver, openChildren, RunNotFoundError, type LoadedRun } from '@agentloom/engine'
import { checkCheckpoint } from '../checkpoint/read-file.ts'
import type { CheckpointStore } from '../checkpoint/checkpoint-store.ts'
import { RunInRedisError } from '../checkpoint/errors.ts'
import type { EmbeddedJournal } from '../journal/embedded-journal.ts'

/** Takes a run over from wherever it is: this journal, or a checkpoint whose journal is gone. */
export async function takeRun(
  journal: EmbeddedJournal,
  checkpoints: CheckpointStore,
  runId: string,
): Promise<LoadedRun> {
  const found = await journal.take(runId)
  if (found !== null) return found
  await bringRun(journal, checkpoints, runId)
  const brought = await journal.take(runId)
  if (brought === null) throw new RunNotFoundError(runId)
  return brought
}

/** With the child runs that have checkpoints of their own; one that has none begins anew. */
export async function bringRun(journal: EmbeddedJournal, checkpoints: CheckpointStore, runId: string): Promise<void> {
  const checkpoint = await checkpoints.read(runId)
  if (checkpoint === null) return
  if (checkpoint.place === 'redis') throw new RunInRedisError(runId)
  checkCheckpoint(checkpoints.placeOf(runId), checkpoint)
  await journal.bring(checkpoint, checkpoint.definitionText)
  for (const child of openChildren(checkpoint)) await bringRun(journal, checkpoints, child.runId)
}

/**
 * A taken run whose process died is paused, as far as the records are concerned, and what was in flight is handed back; so
 * are the runs below it. From there on it is a paused run like any other.
 */
export async function bringToRest(journal: EmbeddedJournal, runId: string): Promise<void> {
  await journal.pause(runId, 'restart') // refused where the run is at rest
  const loaded = await journal.load(runId)
  if (loaded === null) return
  for (const [stepId, { status, epoch, wait }] of foldSteps(runId, loaded.records)) {
    // Claims of the dead process: rebuilt without a nonce, for nobody can commit them any more.
    if (status !== 'running' || wait !== null || (await journal.bury(runId, stepId))) continue
    await journal.release({ runId, stepId, epoch, nonce: '' }, 'restart')
  }
  if (isOver(loaded.header.status)) return
  // Also a child run that had been started when the process died, and not been waited for yet.
  for (const childRunId of journal.childrenHere(runId)) await bringToRest(journal, childRunId)
}

/** Whether something passes by itself: the time-out of a gate, here or below. */
export async function hasTimer(journal: EmbeddedJournal, loaded: LoadedRun): Promise<boolean> {
  const folds = [...foldSteps(loaded.header.runId, loaded.records).values()]
  if (folds.some(({ wait, untilMs }) => wait !== null && untilMs !== null)) return true
  for (const { runId } of openChildren(loaded)) {
    const child = await journal.load(runId)
    if (child !== null && !isOver(child.header.status) && (await hasTimer(journal, child))) return true
  }
  return false
}
