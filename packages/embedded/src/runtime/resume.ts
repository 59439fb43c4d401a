import { foldSteps, planResume, RunNotFoundError, type LoadedRun, type ReopenReply } from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import { checkCheckpoint } from '../checkpoint/read-checkpoint.ts'
import type { CheckpointStore } from '../checkpoint/checkpoint-store.ts'
import type { EmbeddedJournal } from '../journal/embedded-journal.ts'
import { RunCancelledError } from './errors.ts'
import type { ResumeRun } from './embedded.ts'

/** Takes a run over from wherever it is: this journal, or a checkpoint whose journal is gone. */
export async function takeRun(
  journal: EmbeddedJournal,
  checkpoints: CheckpointStore,
  runId: string,
): Promise<LoadedRun> {
  const found = await journal.take(runId)
  if (found !== null) return found
  const checkpoint = await checkpoints.read(runId)
  if (checkpoint === null) throw new RunNotFoundError(runId)
  checkCheckpoint(checkpoints.fileOf(runId), checkpoint)
  await journal.bring(checkpoint, checkpoint.definitionText)
  const brought = await journal.take(runId)
  if (brought === null) throw new RunNotFoundError(runId)
  return brought
}

/**
 * Lets a taken run go on. One whose process died is paused first, as far as the records are concerned, and what was in
 * flight is handed back; from there on it is a paused run like any other.
 * @returns null when there is nothing to go on with: the run succeeded
 */
export async function reopenRun(
  journal: EmbeddedJournal,
  plan: Plan,
  runId: string,
  { reason = 'resumed', budgetNanoUsd }: ResumeRun,
): Promise<Extract<ReopenReply, { outcome: 'reopened' }> | null> {
  const status = (await journal.header(runId))?.status
  if (status === 'cancelled') throw new RunCancelledError(runId)
  if (status === 'success') return null
  await journal.pause(runId, 'restart') // refused where the run is at rest
  await handBack(journal, await journal.load(runId))
  const loaded = await journal.load(runId)
  const options = budgetNanoUsd === undefined ? { reason } : { reason, budgetNanoUsd }
  const command = loaded === null ? null : planResume(plan, loaded, options)
  if (command === null) return null
  const reply = await journal.reopen(command)
  if (reply.outcome === 'refused') throw new Error(`run ${runId} could not be reopened: it is ${reply.status}`) // it is ours alone
  return reply
}

/** Claims of the dead process: rebuilt without a nonce, for nobody can commit them any more. */
async function handBack(journal: EmbeddedJournal, loaded: LoadedRun | null): Promise<void> {
  if (loaded === null) return
  const { runId } = loaded.header
  for (const [stepId, { status, epoch }] of foldSteps(runId, loaded.records)) {
    if (status === 'running') await journal.release({ runId, stepId, epoch, nonce: '' }, 'restart')
  }
}
