import type { Plan } from '../plan/plan.ts'
import { criticalPath } from './critical-path.ts'
import { type Choice, type Graph, type GraphEdge, graphOf } from './graph.ts'
import { unreachableSteps } from './reach.ts'

/** The graph as a JSON document, with what can be said of it. Keys as users write them. */
export interface GraphDocument {
  readonly workflow: string
  readonly nodes: readonly {
    readonly id: string
    readonly type: string
    readonly layer: number
    readonly child?: GraphChild
  }[]
  readonly edges: readonly GraphLink[]
  readonly layers: readonly (readonly string[])[]
  readonly roots: readonly string[]
  readonly leaves: readonly string[]
  /** By hops. */
  readonly critical_path: readonly string[]
  readonly unreachable: readonly string[]
}

export type GraphChild = Pick<GraphDocument, 'workflow' | 'nodes' | 'edges' | 'layers' | 'roots' | 'leaves'>

export interface GraphLink {
  readonly from: string
  readonly to: string
  readonly kind: GraphEdge['kind']
  /** Only of routers: the conditions that choose it, and `default`. */
  readonly choices?: readonly string[]
}

export function graphDocument(plan: Plan): GraphDocument {
  return {
    ...childDocument(graphOf(plan)),
    critical_path: criticalPath(plan).steps,
    unreachable: [...unreachableSteps(plan).keys()],
  }
}

function childDocument({ name, nodes, edges, layers, roots, leaves }: Graph): GraphChild {
  return {
    workflow: name,
    nodes: nodes.map(({ id, type, layer, child }) => ({
      id,
      type,
      layer,
      ...(child !== null && { child: childDocument(child) }),
    })),
    edges: edges.map(({ from, to, kind, choices }) => ({
      from,
      to,
      kind,
      ...(choices !== null && { choices: choices.map(choiceText) }),
    })),
    layers,
    roots,
    leaves,
  }
}

function choiceText(choice: Choice): string {
  return choice === 'default' ? choice : choice.when
}
