import { CLEANUP_STEP, evaluateCondition, type PlanNode, type ValueMap } from '@agentloom/workflow'
import { failureOf, whole } from '../execute/failure.ts'
import { closingOf } from '../fold/closing.ts'
import { foldSteps } from '../fold/step-fold.ts'
import { NO_USAGE } from '../journal/record.ts'
import type { Journal, RunHeader, Settlement } from '../ports/journal.ts'
import type { Plans } from '../ports/runtime.ts'
import { routingCause } from '../schedule/cause.ts'
import type { Plan } from '@agentloom/workflow'

export interface Asked {
  readonly plan: Plan
  readonly node: PlanNode
  readonly header: RunHeader
  readonly state: () => ValueMap
}

/** Asked of every step, so that most need not wait for the answer. */
export function mayBeRefused({ node, header }: Asked): boolean {
  return node.step.when !== null || header.parent?.stepId === CLEANUP_STEP
}

/** Whether a claimed step is to be executed: null, or how it is settled instead. */
export async function refusalOf(
  { journal, plans }: { readonly journal: Journal; readonly plans: Plans },
  { plan, node, header, state }: Asked,
): Promise<Settlement | null> {
  const skipped: Settlement = { kind: 'skipped', cause: routingCause(plan, node.layer), usage: NO_USAGE }
  if (header.parent?.stepId === CLEANUP_STEP && !(await isToUndo(journal, plans, header, node.id))) return skipped
  const { when } = node.step
  if (when === null) return null
  try {
    return evaluateCondition(whole(when), state()) ? null : skipped
  } catch (error) {
    const { info } = failureOf(error, `run ${header.runId} · step ${node.id} · when`)
    return { kind: 'failed', error: info, usage: NO_USAGE }
  }
}

/** A compensation is for a step that succeeded in a run that did not; the steps of `finally` are for every run. */
async function isToUndo(journal: Journal, plans: Plans, { parent }: RunHeader, stepId: string): Promise<boolean> {
  const loaded = parent === null ? null : await journal.load(parent.runId)
  if (loaded === null) return true
  const { cleanup } = await plans.get(loaded.header.definition)
  const undone = cleanup?.compensates.get(stepId)
  if (undone === undefined) return true
  if (closingOf(loaded.records)?.status === 'success') return false
  return foldSteps(loaded.header.runId, loaded.records).get(undone)?.status === 'success'
}
