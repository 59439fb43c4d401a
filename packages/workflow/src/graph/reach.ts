import { isBroken } from '../compile/step/reads.ts'
import { evaluateCondition } from '../expression/evaluate.ts'
import { AgentloomError } from '../errors.ts'
import type { Expression } from '../expression/expression.ts'
import type { Broken, Plan, PlanNode, RouterStep } from '../plan/plan.ts'

/** Why no run can ever execute a step. */
export type Unreachable =
  /** The routers that it depends on, of which none chooses it. */
  | { readonly kind: 'never-chosen'; readonly routers: readonly string[] }
  /** `when` is false whatever the state is. */
  | { readonly kind: 'never-when' }
  /** A step that it waits for is unreachable itself. */
  | { readonly kind: 'behind'; readonly steps: readonly string[] }

/**
 * The steps that no run executes, whatever models and functions answer, with the reason; in the plan's order. Failures
 * aside: a run may always end before a step.
 */
export function unreachableSteps(plan: Plan): ReadonlyMap<string, Unreachable> {
  const found = new Map<string, Unreachable>()
  const targets = new Map<number, ReadonlySet<string>>()
  const targetsOf = (router: PlanNode & { readonly step: RouterStep }): ReadonlySet<string> => {
    let known = targets.get(router.index)
    if (known === undefined) targets.set(router.index, (known = possibleTargets(router.step)))
    return known
  }
  for (const node of plan.nodes) {
    const reason = reasonFor(node, plan, { found, targetsOf })
    if (reason !== null) found.set(node.id, reason)
  }
  return found
}

interface Reaching {
  readonly found: ReadonlyMap<string, Unreachable>
  readonly targetsOf: (router: PlanNode & { readonly step: RouterStep }) => ReadonlySet<string>
}

function reasonFor(
  { id, step, dependsOn }: PlanNode,
  { nodes, config }: Plan,
  { found, targetsOf }: Reaching,
): Unreachable | null {
  if (step.when !== null && constantOf(step.when) === false) return { kind: 'never-when' }
  const dependencies = dependsOn.flatMap((rank) => nodes[rank] ?? [])
  const dead = dependencies.filter((node) => found.has(node.id))
  const isBehind = step.join === 'any' ? dead.length > 0 && dead.length === dependencies.length : dead.length > 0
  if (isBehind) return { kind: 'behind', steps: dead.map((node) => node.id) }
  const routers = dependencies.filter(isRouter)
  // Under `continue` a router that fails lets all its dependents run; with `join: any` another dependency admits it.
  const canRunUnchosen =
    config.onStepFailure === 'continue' || (step.join === 'any' && routers.length < dependencies.length)
  if (routers.length === 0 || canRunUnchosen || routers.some((router) => targetsOf(router).has(id))) return null
  return { kind: 'never-chosen', routers: routers.map((router) => router.id) }
}

/**
 * The targets that a router can choose at all: conditions behind one that always holds, that never hold, or that stand there
 * a second time choose nothing.
 */
export function possibleTargets({ conditions, defaultTarget }: RouterStep): ReadonlySet<string> {
  const targets = new Set<string>()
  const seen = new Set<string>()
  for (const { expression, target } of conditions) {
    const constant = constantOf(expression)
    // One that cannot be read, or fails, is a mistake of its own, told elsewhere: what it was meant to choose is not dead.
    if (constant === false || (!isBroken(expression) && seen.has(expression.text))) continue
    if (!isBroken(expression)) seen.add(expression.text)
    targets.add(target)
    if (constant === true) return targets
  }
  if (defaultTarget !== null) targets.add(defaultTarget)
  return targets
}

/** What an expression gives that reads no state; null for all others, and for what fails. */
export function constantOf(expression: Expression | Broken): boolean | null {
  if (isBroken(expression) || expression.references.length > 0) return null
  try {
    return evaluateCondition(expression, {})
  } catch (error) {
    if (!(error instanceof AgentloomError)) throw error
    return null
  }
}

export function isRouter(node: PlanNode): node is PlanNode & { readonly step: RouterStep } {
  return node.step.type === 'router'
}
