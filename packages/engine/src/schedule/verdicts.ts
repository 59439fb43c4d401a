import type { Plan, PlanEdge, PlanNode } from '@agentloom/workflow'
import type { Edge, Verdicts } from '../ports/journal.ts'
import { failureCause, isPassingCause, routingCause } from './cause.ts'
import { isForgotten, layeredVerdicts } from './compat.ts'

/** How a step was resolved, as far as its dependents care. */
export type Outcome =
  | { readonly kind: 'success'; /** Target id when the step is a router. */ readonly target: string | null }
  | { readonly kind: 'failed' | 'timeout' }
  | { readonly kind: 'skipped'; readonly cause: number }

/**
 * Edges that a store spreads at once at most: 100 hold Redis for less than a millisecond, 1,000 for about 15
 * (docs/durability.md, fact 9). A step with more is spread in chunks, between which anything may happen.
 */
export const EDGES_PER_COMMAND = 100

export const NO_VERDICTS: Verdicts = { cause: null, voted: null, chosen: false, admitted: false }

/** What a resolved step says to its dependents, edge by edge, from its own outcome alone (durability.md, "Who decides a skip"). */
export function edgesOf(plan: Plan, node: PlanNode, outcome: Outcome): readonly Edge[] {
  return node.edges.map((edge) => {
    const target = nodeAt(plan, edge.to)
    return {
      to: { stepId: target.id, rank: target.index },
      inDegree: target.sources.length,
      verdicts: verdictsFor(plan, node, outcome, edge, target),
    }
  })
}

export function verdictsFor(plan: Plan, node: PlanNode, outcome: Outcome, edge: PlanEdge, target: PlanNode): Verdicts {
  if (outcome.kind === 'success' && node.step.type === 'router') {
    const isChosen = outcome.target === target.id
    const layered = layeredVerdicts(plan, node, { isChosen, edge, target })
    if (layered !== null) return layered
  }
  if (!edge.isExplicit) return NO_VERDICTS
  switch (outcome.kind) {
    case 'skipped':
      if (isPassingCause(plan, outcome.cause) || isForgotten(plan, outcome.cause, target)) return NO_VERDICTS
      return { ...NO_VERDICTS, cause: outcome.cause }
    case 'timeout':
      return plan.compat.timeoutIsNoFailure ? NO_VERDICTS : failureVerdicts(plan, node)
    case 'failed':
      return failureVerdicts(plan, node)
    case 'success': {
      if (node.step.type !== 'router') return { ...NO_VERDICTS, admitted: true }
      const isChosen = outcome.target === target.id
      return { cause: null, voted: node.layer, chosen: isChosen, admitted: isChosen }
    }
    default:
      return outcome satisfies never
  }
}

function failureVerdicts(plan: Plan, failed: PlanNode): Verdicts {
  return plan.config.onStepFailure === 'continue' ? NO_VERDICTS : { ...NO_VERDICTS, cause: failureCause(plan, failed) }
}

export function mergeVerdicts(a: Verdicts, b: Verdicts): Verdicts {
  return {
    cause: lower(a.cause, b.cause),
    voted: lower(a.voted, b.voted),
    chosen: a.chosen || b.chosen,
    admitted: a.admitted || b.admitted,
  }
}

/** Nothing speaks against the step, so that a store may hand it out without asking anybody. */
export function isClean(verdicts: Verdicts): boolean {
  return verdicts.cause === null && (verdicts.voted === null || verdicts.chosen)
}

/**
 * Run the step, or skip it with the smallest cause (scheduling.md rule 5). With `join: any` one dependency that speaks for
 * it outweighs all that speak against it.
 */
export function decide(
  plan: Plan,
  verdicts: Verdicts,
  join: 'all' | 'any' = 'all',
): { readonly run: true } | { readonly run: false; readonly cause: number } {
  if (isClean(verdicts) || (join === 'any' && verdicts.admitted)) return { run: true }
  const routing = verdicts.voted !== null && !verdicts.chosen ? routingCause(plan, verdicts.voted) : null
  const cause = lower(verdicts.cause, routing)
  return cause === null ? { run: true } : { run: false, cause }
}

function lower(a: number | null, b: number | null): number | null {
  if (a === null) return b
  return b === null ? a : Math.min(a, b)
}

export function nodeAt(plan: Plan, index: number): PlanNode {
  const node = plan.nodes[index]
  if (node === undefined) throw new Error(`plan ${plan.hash} has no node ${index}`)
  return node
}

export function nodeOf(plan: Plan, stepId: string): PlanNode {
  const node = plan.byId.get(stepId)
  if (node === undefined) throw new Error(`plan ${plan.hash} has no step ${stepId}`)
  return node
}
