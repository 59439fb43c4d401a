import {
  evaluateCondition,
  isBroken,
  resolveArgument,
  writePath,
  type Plan,
  type PlanNode,
  type ValueMap,
} from '@agentloom/workflow'

/**
 * The sequential interpreter that random runs are compared with (I5): one step after the other in the plan's order, written
 * from scheduling.md rules 5–9 and from nothing else. It knows functions that echo `id(saw)`, routers with a default, gates that are
 * approved, `when` and `join`.
 */
export interface Script {
  readonly routes: ReadonlyMap<string, string>
  readonly fails: ReadonlySet<string>
}

interface Fate {
  readonly node: PlanNode
  readonly status: 'success' | 'failed' | 'skipped'
  readonly output: string | null
  readonly error: string | null
  readonly cause: Cause | null
}

/** Layer, kind (0 failure, 1 routing), failed step's index; compared in this order. */
type Cause = readonly [number, 0 | 1, number]

export function interpret(
  plan: Plan,
  script: Script,
): {
  readonly status: string
  readonly steps: readonly { readonly id: string; readonly status: string; readonly error: string | null }[]
  readonly state: ValueMap
  readonly error: string | null
} {
  const fates: Fate[] = []
  for (const node of plan.nodes) fates.push(fateOf(plan, node, fates, script))
  const firstFailed = fates.find(({ status }) => status === 'failed')
  return {
    status: firstFailed === undefined ? 'success' : 'failed',
    steps: fates.map(({ node, status, error }) => ({ id: node.id, status, error })),
    state: stateAfter(plan, fates),
    error: firstFailed?.error ?? null,
  }
}

function fateOf(plan: Plan, node: PlanNode, fates: readonly Fate[], script: Script): Fate {
  const cause = causeAgainst(plan, node, fates)
  if (cause !== null) {
    const error = cause[1] === 0 ? `skipped due to upstream failure: ${plan.nodes[cause[2]]?.id}` : null
    return { node, status: 'skipped', output: null, error, cause }
  }
  const isChain = plan.config.maxConcurrentSteps === 1
  const before = fates.filter((fate) => isChain || fate.node.layer < node.layer)
  const { when } = node.step
  if (when !== null && !isBroken(when) && !evaluateCondition(when, stateAfter(plan, before)))
    return { node, status: 'skipped', output: null, error: null, cause: [node.layer, 1, 0] }
  if (node.step.type === 'approval_gate')
    return { node, status: 'success', output: 'approved', error: null, cause: null }
  if (node.step.type === 'router')
    return { node, status: 'success', output: script.routes.get(node.id) ?? '', error: null, cause: null }
  if (script.fails.has(node.id))
    return { node, status: 'failed', output: null, error: `Error: ${node.id} fails`, cause: null }
  const argument = node.step.type === 'function' ? node.step.input['saw'] : undefined
  const saw = argument === undefined || isBroken(argument) ? null : resolveArgument(argument, stateAfter(plan, before))
  return {
    node,
    status: 'success',
    output: `${node.id}(${typeof saw === 'string' ? saw : 'null'})`.slice(0, 200),
    error: null,
    cause: null,
  }
}

function causeAgainst(plan: Plan, node: PlanNode, fates: readonly Fate[]): Cause | null {
  const causes: Cause[] = []
  if (node.step.join === 'any' && node.dependsOn.some((index) => isForMe(node, fates[index]))) return null
  const votes: { readonly layer: number; readonly isForMe: boolean }[] = []
  for (const index of node.dependsOn) {
    const fate = fates[index]
    if (fate === undefined) throw new Error('a dependency comes later in the order')
    if (fate.cause !== null) causes.push(fate.cause)
    if (fate.status === 'failed' && plan.config.onStepFailure === 'skip_downstream')
      causes.push([fate.node.layer, 0, index])
    if (fate.status === 'success' && fate.node.step.type === 'router')
      votes.push({ layer: fate.node.layer, isForMe: fate.output === node.id })
  }
  if (votes.length > 0 && votes.every(({ isForMe }) => !isForMe))
    causes.push([Math.min(...votes.map(({ layer }) => layer)), 1, 0])
  return causes.toSorted((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])[0] ?? null
}

/** It succeeded, and if it is a router it chose this step. */
function isForMe(node: PlanNode, fate: Fate | undefined): boolean {
  return fate?.status === 'success' && (fate.node.step.type !== 'router' || fate.output === node.id)
}

function stateAfter(plan: Plan, fates: readonly Fate[]): ValueMap {
  let state = plan.state
  for (const { node, status, output } of fates) {
    if (status !== 'success' || output === null) continue
    const path = node.step.output
    if (path !== null && !isBroken(path)) state = writePath(state, path, output)
    state = writePath(state, { text: `steps.${node.id}`, segments: ['steps', node.id] }, { output, status })
  }
  return state
}
