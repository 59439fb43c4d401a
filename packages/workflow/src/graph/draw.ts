import type { Graph, GraphEdge } from './graph.ts'
import { EDGES_MAX } from './label.ts'

export interface DrawOptions {
  /** Also the edges that only order (data, gates); they are drawn dotted. Default false. */
  readonly hasOrderEdges?: boolean
}

export function drawnEdges(
  { edges }: Graph,
  { hasOrderEdges = false }: DrawOptions,
): { readonly edges: readonly GraphEdge[]; readonly left: number } {
  const wanted = hasOrderEdges ? edges : edges.filter(({ kind }) => kind === 'depends_on')
  return { edges: wanted.slice(0, EDGES_MAX), left: Math.max(0, wanted.length - EDGES_MAX) }
}
