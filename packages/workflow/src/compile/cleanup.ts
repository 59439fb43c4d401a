import type { Findings } from '../diagnostics/findings.ts'
import { shown } from '../diagnostics/shown.ts'
import { CLEANUP_STEP } from '../plan/plan.ts'
import type { WorkflowText } from '../schema/workflow-schema.ts'
import type { Graph } from './connect.ts'
import { checkRouters, dependenciesOf, type Entry } from './dependencies.ts'
import { checkIds } from './ids.ts'
import type { Order } from './order.ts'
import { asStep } from './step/context.ts'

export interface CleanupGraph extends Graph {
  /** Step of the cleanup → step of the run that it undoes. */
  readonly compensates: ReadonlyMap<string, string>
}

export function hasCleanup({ steps, finally: last = [] }: WorkflowText): boolean {
  return last.length > 0 || steps.some(({ compensate }) => compensate !== undefined && compensate !== null)
}

/**
 * What cleans up after a run: compensations one by one, in the reverse order of the steps that they undo, then the steps of
 * `finally`. None of them depends on another's success, but the steps of `finally` as they say it themselves.
 */
export function cleanupGraph(
  workflow: WorkflowText,
  main: { readonly entries: readonly Entry[]; readonly order: Order },
  findings: Findings,
): CleanupGraph {
  const last = (workflow.finally ?? []).map((step, index): Entry => ({ step, path: ['finally', index] }))
  const compensates = new Map<string, string>()
  const undoing = main.order.declared.toReversed().flatMap((index): readonly Entry[] => {
    const { step, path } = main.entries[index] ?? { step: undefined, path: [] }
    if (step?.compensate === undefined || step.compensate === null) return []
    const id = `compensate-${step.id}`
    compensates.set(id, step.id)
    return [{ step: asStep(step.compensate, id), path: [...path, 'compensate'] }]
  })
  const ids = new Set(main.entries.map(({ step }) => step.id))
  checkIds(last, true, findings)
  for (const { step, path } of last) {
    if (ids.has(step.id) || compensates.has(step.id)) {
      findings.error('workflow/duplicate-id', [...path, 'id'], `there is another step '${shown(step.id, 80)}'`)
    }
    if (step.compensate !== undefined && step.compensate !== null) {
      findings.error('workflow/schema', [...path, 'compensate'], 'a step of finally is not undone')
    }
  }
  if (ids.has(CLEANUP_STEP)) {
    const index = main.entries.findIndex(({ step }) => step.id === CLEANUP_STEP)
    findings.error('workflow/bad-id', ['steps', index, 'id'], `'${CLEANUP_STEP}' is the id of what cleans up`)
  }
  const help = 'steps of finally run when all others are over, and depend on each other only'
  const dependencies = dependenciesOf(last, findings, { ids, help })
  checkRouters(last, findings)
  findings.throwErrors()
  const first = undoing.length
  return {
    entries: [...undoing, ...last],
    dependencies: [...undoing.map(() => []), ...dependencies.map((own) => own.map((index) => index + first))],
    after: [
      ...undoing.map((_, index) => (index === 0 ? [] : [index - 1])),
      ...dependencies.map((own) => (own.length === 0 && first > 0 ? [first - 1] : [])),
    ],
    compensates,
  }
}
