import { parseValue, type Plan, type PlanNode } from '@agentloom/workflow'
import type { StepFold } from '../fold/step-fold.ts'
import type { Verdicts } from '../ports/journal.ts'
import { mergeVerdicts, nodeAt, NO_VERDICTS, verdictsFor, type Outcome } from './verdicts.ts'

/** What the records imply for a step's counter: how many of its edges have come, and what they said (I8). */
export interface Standing {
  readonly edgeCount: number
  readonly verdicts: Verdicts
}

/** How a step was resolved, or null while it is not. */
export function outcomeOf(node: PlanNode, fold: StepFold | undefined): Outcome | null {
  const status = fold?.status
  switch (status) {
    case 'success':
      return { kind: 'success', target: node.step.type === 'router' ? routerTarget(fold?.output ?? null) : null }
    case 'failed':
    case 'timeout':
      return { kind: status }
    case 'skipped':
      return { kind: 'skipped', cause: fold?.cause ?? 0 }
    case 'ready':
    case 'running':
    case 'backoff':
    case 'paused':
    case 'parked':
    case undefined:
      return null
    default:
      return status satisfies never
  }
}

/** Recomputes a step's counter from the outcomes of its sources. */
export function standingOf(plan: Plan, node: PlanNode, outcome: (source: PlanNode) => Outcome | null): Standing {
  let edgeCount = 0
  let verdicts = NO_VERDICTS
  for (const index of node.sources) {
    const source = nodeAt(plan, index)
    const resolved = outcome(source)
    if (resolved === null) continue
    edgeCount += 1
    const isExplicit = node.dependsOn.includes(index)
    verdicts = mergeVerdicts(verdicts, verdictsFor(plan, source, resolved, { to: node.index, isExplicit }, node))
  }
  return { edgeCount, verdicts }
}

/** Whom a router chose, from its output's JSON text. */
export function routerTarget(output: string | null): string | null {
  const target = output === null ? null : parseValue(output)
  return typeof target === 'string' ? target : null
}
