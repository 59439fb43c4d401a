import type { Plan, PlanNode, RouterStep, StepSpec } from '../plan/plan.ts'
import { isBroken } from '../compile/step/reads.ts'

/** A plan as a picture of itself: plain data, in the plan's own order. */
export interface Graph {
  readonly name: string
  /** In the plan's order, which is topological. */
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  readonly layers: readonly (readonly string[])[]
  /** Steps that wait for nobody. */
  readonly roots: readonly string[]
  /** Steps that nobody waits for. */
  readonly leaves: readonly string[]
}

export interface GraphNode {
  readonly id: string
  readonly type: StepSpec['type']
  readonly layer: number
  /** Of a sub-workflow that loads. */
  readonly child: Graph | null
}

export interface GraphEdge {
  readonly from: string
  readonly to: string
  /** `depends_on`, or an edge that only orders: data that is read, a gate that holds back, a chain. */
  readonly kind: 'depends_on' | 'order'
  /** What a router asks before it chooses `to`, in the order of its conditions; null where `from` is no router. */
  readonly choices: readonly Choice[] | null
}

export type Choice = { readonly when: string } | 'default'

export function graphOf(plan: Plan): Graph {
  const { name, nodes } = plan
  const layers: string[][] = []
  for (const { id, layer } of nodes) (layers[layer] ??= []).push(id)
  return {
    name,
    nodes: nodes.map((node) => ({ id: node.id, type: node.step.type, layer: node.layer, child: childOf(node) })),
    edges: nodes.flatMap((from) => edgesOf(from, plan)),
    layers,
    roots: nodes.filter(({ sources }) => sources.length === 0).map(({ id }) => id),
    leaves: nodes.filter(({ edges }) => edges.length === 0).map(({ id }) => id),
  }
}

/** How a router may come to choose a step; empty where it never does. */
export function choicesOf({ conditions, defaultTarget }: RouterStep, target: string): readonly Choice[] {
  const choices: Choice[] = []
  for (const { expression, target: chosen } of conditions) {
    if (chosen !== target) continue
    choices.push({ when: isBroken(expression) ? '?' : expression.text })
  }
  if (defaultTarget === target) choices.push('default')
  return choices
}

function childOf({ step }: PlanNode): Graph | null {
  return step.type === 'subworkflow' && !isBroken(step.child) ? graphOf(step.child) : null
}

function edgesOf({ id, step, edges }: PlanNode, { nodes }: Plan): readonly GraphEdge[] {
  return edges.flatMap(({ to, isExplicit }): GraphEdge[] => {
    const target = nodes[to]
    if (target === undefined) return []
    const choices = isExplicit && step.type === 'router' ? choicesOf(step, target.id) : null
    return [{ from: id, to: target.id, kind: isExplicit ? 'depends_on' : 'order', choices }]
  })
}
