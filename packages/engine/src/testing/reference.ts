import {
  evaluateCondition,
  isBroken,
  resolveArgument,
  writePath,
  type Plan,
  type PlanNode,
  type Value,
  type ValueMap,
} from '@agentloom/workflow'

/**
 * The sequential interpreter that random runs are compared with (I5): one step after the other in the plan's order, written
 * from scheduling.md rules 5–9 and from nothing else. What the steps themselves give it is told.
 */
export interface Reference {
  readonly status: string
  readonly steps: readonly { readonly id: string; readonly status: string; readonly error: string | null }[]
  readonly state: ValueMap
  readonly error: string | null
}

/** What an executed step gives. */
export interface StepEnd {
  readonly status: 'success' | 'failed' | 'timeout' | 'skipped'
  /** Absent where it leaves nothing. */
  readonly output?: Value
  readonly error?: string
}

/** How the reference finds a step resolved. */
export interface Fate extends StepEnd {
  readonly node: PlanNode
  /** Why it was skipped. */
  readonly cause: Cause | null
}

/** Layer, kind (0 failure, 1 routing), failed step's index; compared in this order. */
export type Cause = readonly [number, 0 | 1, number]

/** @param endOf of a step that is executed; `before` is the state that it sees */
export function interpretOver(
  plan: Plan,
  input: ValueMap,
  endOf: (node: PlanNode, before: ValueMap) => StepEnd,
): Reference {
  const fates: Fate[] = []
  for (const node of plan.nodes) fates.push(fateOf(plan, input, node, fates, endOf))
  const firstFailed = fates.find(({ status }) => status === 'failed' || status === 'timeout')
  return {
    status: firstFailed === undefined ? 'success' : 'failed',
    steps: fates.map(({ node, status, error }) => ({ id: node.id, status, error: error ?? null })),
    state: stateAfter(plan, input, fates),
    error: firstFailed?.error ?? null,
  }
}

/** Functions that echo `id(saw)` or fail, routers with a default, gates that are approved. */
export interface Script {
  readonly routes: ReadonlyMap<string, string>
  readonly fails: ReadonlySet<string>
}

export function interpret(plan: Plan, script: Script): Reference {
  return interpretOver(plan, {}, (node, before) => scriptedEnd(node, before, script))
}

function scriptedEnd({ id, step }: PlanNode, before: ValueMap, script: Script): StepEnd {
  if (step.type === 'approval_gate') return { status: 'success', output: 'approved' }
  if (step.type === 'router') return { status: 'success', output: script.routes.get(id) ?? '' }
  if (script.fails.has(id)) return { status: 'failed', error: `Error: ${id} fails` }
  const argument = step.type === 'function' ? step.input['saw'] : undefined
  const saw = argument === undefined || isBroken(argument) ? null : resolveArgument(argument, before)
  return { status: 'success', output: `${id}(${typeof saw === 'string' ? saw : 'null'})`.slice(0, 200) }
}

function fateOf(
  plan: Plan,
  input: ValueMap,
  node: PlanNode,
  fates: readonly Fate[],
  endOf: (node: PlanNode, before: ValueMap) => StepEnd,
): Fate {
  const cause = causeAgainst(plan, node, fates)
  if (cause !== null) {
    const error = cause[1] === 0 ? { error: `skipped due to upstream failure: ${plan.nodes[cause[2]]?.id}` } : {}
    return { node, status: 'skipped', ...error, cause }
  }
  const isChain = plan.config.maxConcurrentSteps === 1
  const before = stateAfter(
    plan,
    input,
    fates.filter((fate) => isChain || fate.node.layer < node.layer),
  )
  const { when } = node.step
  if (when !== null && !isBroken(when) && !evaluateCondition(when, before))
    return { node, status: 'skipped', cause: routedPast(node) }
  const end = endOf(node, before)
  return { node, ...end, cause: end.status === 'skipped' ? routedPast(node) : null }
}

/** Why a step is skipped whose `when` is false. */
export function routedPast({ layer }: PlanNode): Cause {
  return [layer, 1, 0]
}

/** The smallest cause against a step, or null where it is to run. @param fates by the index of their nodes */
export function causeAgainst(plan: Plan, node: PlanNode, fates: readonly (Fate | undefined)[]): Cause | null {
  const causes: Cause[] = []
  if (node.step.join === 'any' && node.dependsOn.some((index) => isForMe(node, fates[index]))) return null
  const votes: { readonly layer: number; readonly isForMe: boolean }[] = []
  for (const index of node.dependsOn) {
    const fate = fates[index]
    if (fate === undefined) throw new Error('a dependency comes later in the order')
    if (fate.cause !== null) causes.push(fate.cause)
    const isFailed = fate.status === 'failed' || fate.status === 'timeout'
    if (isFailed && plan.config.onStepFailure === 'skip_downstream') causes.push([fate.node.layer, 0, index])
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

function stateAfter(plan: Plan, input: ValueMap, fates: readonly Fate[]): ValueMap {
  let state: ValueMap = { ...plan.state, ...input }
  for (const { node, status, output } of fates) {
    if (output === undefined) continue
    const path = node.step.output
    if (path !== null && !isBroken(path)) state = writePath(state, path, output)
    if (output === null) continue
    state = writePath(state, { text: `steps.${node.id}`, segments: ['steps', node.id] }, { output, status })
  }
  return state
}
