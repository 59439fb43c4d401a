import { foldSteps } from '../fold/step-fold.ts'
import { isOver } from '../journal/run-state.ts'
import { planResume } from '../schedule/resume.ts'
import type { TreeParts } from './decide-gate.ts'

/** Writers that come between the look and the command are few: a run under so many of them is looked after again later. */
const TRIES_MAX = 20

/**
 * Runs a failed step again, and what was skipped for it; whatever else of the run has failed stays so. A step of a child run
 * runs again with the step of the parent that had started it. The run is held for a moment where it is at work.
 * `nothing`: the step has not failed, or not any more.
 */
export async function retryStep(
  { journal, plans, follower }: TreeParts,
  runId: string,
  stepId: string,
  reason: string,
): Promise<'reopened' | 'nothing' | 'refused'> {
  const parent = (await journal.header(runId))?.parent
  if (parent != null) return retryStep({ journal, plans, follower }, parent.runId, parent.stepId, reason)
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const loaded = await journal.load(runId)
    if (loaded === null) return 'nothing'
    const { status, definition, priority } = loaded.header
    const step = foldSteps(runId, loaded.records).get(stepId)
    if (step?.status !== 'failed' && step?.status !== 'timeout') return 'nothing'
    if (!isOver(status) && status !== 'paused') await journal.pause(runId, reason)
    const plan = await plans.get(definition)
    const current = isOver(status) ? loaded : await journal.load(runId)
    const planned = current === null ? null : planResume(plan, current, { reason, only: stepId })
    if (planned === null) return 'refused'
    const reply = await journal.reopen(planned)
    if (reply.outcome === 'refused') continue
    await follower.ring({ plan, priority }, reply.offers)
    await follower.decide({ plan, priority }, reply.undecided)
    return 'reopened'
  }
  return 'refused'
}
