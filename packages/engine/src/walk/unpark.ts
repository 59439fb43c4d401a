import { openChildren } from '../fold/run-tree.ts'
import { foldSteps } from '../fold/step-fold.ts'
import type { LoadedRun } from '../ports/journal.ts'
import { endsByResume } from '../ports/park-reason.ts'
import type { TreeParts } from './decide-gate.ts'

export interface Unparking {
  /** Who, as given. */
  readonly by: string | null
  /** False where the run is about to be reopened, which offers what is ready. */
  readonly rings: boolean
}

/**
 * Lets parked steps of a run and of what is below it try again, as far as their reasons end so (`ports/park-reason.ts`).
 * @returns how many
 */
export async function unparkTree(parts: TreeParts, loaded: LoadedRun, unparking: Unparking): Promise<number> {
  const { journal, follower } = parts
  const { runId } = loaded.header
  let count = 0
  for (const [stepId, { wait }] of foldSteps(runId, loaded.records)) {
    if (wait?.kind !== 'parked' || !endsByResume(wait.reason)) continue
    const reply = await journal.wake({ runId, stepId, wake: { kind: 'unparked', by: unparking.by } })
    if (reply.outcome !== 'woken') continue
    count += 1
    if (unparking.rings) await follower.woken(runId, reply)
  }
  for (const child of openChildren(loaded)) {
    const below = await journal.load(child.runId)
    if (below !== null) count += await unparkTree(parts, below, unparking)
  }
  return count
}
