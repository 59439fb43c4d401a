import type { PlanNode } from '@agentloom/workflow'
import type { Settlement } from '../ports/journal.ts'
import { routerTarget } from './standing.ts'
import type { Outcome } from './verdicts.ts'

/** What a settlement says to the dependents of its step; null where it does not resolve it. */
export function settledOutcome(node: PlanNode, settlement: Settlement): Outcome | null {
  switch (settlement.kind) {
    case 'success':
      return { kind: 'success', target: node.step.type === 'router' ? routerTarget(settlement.output) : null }
    case 'failed':
    case 'timeout':
      return { kind: settlement.kind }
    case 'skipped':
      return { kind: 'skipped', cause: settlement.cause }
    case 'retry':
    case 'wait':
      return null
    default:
      return settlement satisfies never
  }
}
