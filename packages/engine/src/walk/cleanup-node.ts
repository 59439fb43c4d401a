import { CLEANUP_STEP, type Plan, type PlanNode } from '@agentloom/workflow'

const nodes = new WeakMap<Plan, PlanNode>()

/** A step of the plan or its hidden cleanup step; undefined where it has none of this id. */
export function stepNode(plan: Plan, stepId: string): PlanNode | undefined {
  const found = plan.byId.get(stepId)
  if (found !== undefined || stepId !== CLEANUP_STEP || plan.cleanup === null) return found
  const node = nodes.get(plan) ?? cleanupNode(plan, plan.cleanup.plan)
  nodes.set(plan, node)
  return node
}

/** What it runs is a child run like any other; its failure is not repaired by repeating it. */
function cleanupNode(plan: Plan, child: Plan): PlanNode {
  return {
    id: CLEANUP_STEP,
    index: plan.nodes.length,
    layer: 0,
    step: {
      type: 'subworkflow',
      id: CLEANUP_STEP,
      output: null,
      timeoutMs: null,
      retry: { retriesMax: 0, backoffBase: 1, backoffMaxMs: 0, jitter: false, retryableStatusCodes: [] },
      when: null,
      join: 'all',
      queue: null,
      priority: null,
      cache: null,
      child,
      isIsolated: true,
      input: {},
      returnKeys: null,
    },
    sources: [],
    dependsOn: [],
    edges: [],
    reads: [],
  }
}
