import type { Plan } from '@agentloom/workflow'
import type { Journal, LoadedRun } from '../ports/journal.ts'
import type { Plans } from '../ports/runtime.ts'
import { viewRun, type RunView } from './run-view.ts'
import { foldSteps, type StepFold } from './step-fold.ts'

/** A child run that an open step waits for. */
export interface OpenChild {
  readonly stepId: string
  readonly runId: string
}

/** What is needed of a journal to look at a run and at those below it. */
export type RunReader = Pick<Journal, 'load'>

/** A run as its records and those of its open steps' child runs tell it; null when there is none. */
export async function viewRunTree(journal: RunReader, plans: Plans, runId: string): Promise<RunView | null> {
  const loaded = await journal.load(runId)
  return loaded === null ? null : viewTree(journal, plans, loaded)
}

export async function viewTree(journal: RunReader, plans: Plans, loaded: LoadedRun): Promise<RunView> {
  const plan: Plan = await plans.get(loaded.header.definition)
  const children = new Map<string, RunView>()
  for (const { stepId, runId } of openChildren(loaded)) {
    const view = await viewRunTree(journal, plans, runId)
    if (view !== null) children.set(stepId, view)
  }
  return viewRun(plan, loaded, children)
}

/** Child runs whose results no settlement has told yet. */
export function openChildren({ header, records }: LoadedRun): readonly OpenChild[] {
  const isWaiting = records.some((record) => record.kind === 'waiting' && record.wait.kind === 'child')
  if (!isWaiting) return []
  return [...foldSteps(header.runId, records)].flatMap(([stepId, fold]) => {
    const runId = childOf(fold)
    return runId === null ? [] : [{ stepId, runId }]
  })
}

function childOf({ status, wait, wake }: StepFold): string | null {
  if (wait !== null) return wait.kind === 'child' ? wait.runId : null
  const isOpen = status === 'ready' || status === 'running'
  return isOpen && wake?.kind === 'child-ended' ? wake.runId : null
}
