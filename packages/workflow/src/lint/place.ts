import type { Findings } from '../diagnostics/findings.ts'
import type { Path } from '../diagnostics/path.ts'
import type { Plan } from '../plan/plan.ts'
import { isList, isMapping } from '../value/value.ts'

/** One plan that is looked over: that of the file, or of a sub-workflow written inside it. */
export interface Linted {
  readonly plan: Plan
  readonly findings: Findings
  /** Where a part of a step stands, by the step's rank. */
  at(rank: number, ...field: Path): Path
  /** Index of a step as declared, by its rank. */
  declaredIndex(rank: number): number
}

/** @param base where the workflow stands in the file: empty for the file itself */
export function lintedOf(plan: Plan, base: Path, findings: Findings): Linted {
  const { steps } = plan.definition.workflow
  const indexes = new Map<string, number>()
  for (const [index, step] of (isList(steps) ? steps : []).entries()) {
    const id = isMapping(step) ? step['id'] : undefined
    if (typeof id === 'string') indexes.set(id, index)
  }
  const declaredIndex = (rank: number): number => indexes.get(plan.nodes[rank]?.id ?? '') ?? 0
  return {
    plan,
    findings,
    declaredIndex,
    at: (rank, ...field) => [...base, 'steps', declaredIndex(rank), ...field],
  }
}
