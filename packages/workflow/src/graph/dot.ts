import { drawnEdges, type DrawOptions } from './draw.ts'
import type { Graph, GraphNode } from './graph.ts'
import { edgeLabel, EDGES_MAX, idLabel, safeNames } from './label.ts'

const SHAPES: { readonly [type in GraphNode['type']]: string } = {
  llm_call: 'shape=box, style=rounded',
  tool: 'shape=trapezium',
  router: 'shape=diamond',
  function: 'shape=component',
  subworkflow: 'shape=doubleoctagon',
  approval_gate: 'shape=hexagon, style=bold',
  foreach: 'shape=box3d',
  sleep: 'shape=ellipse',
  wait_for: 'shape=cds',
}

/** Graphviz' own words, where a name could stand. */
const RESERVED = new Set(['node', 'edge', 'graph', 'digraph', 'subgraph', 'strict'])

/** Graphviz text, from left to right. Ids that are no plain names are numbered, and shown as labels. */
export function toDot(graph: Graph, options: DrawOptions = {}): string {
  const lines = [`digraph ${quoted(idLabel(graph.name))} {`, '  rankdir=LR;', '  node [fontname="sans-serif"];']
  const ids = graph.nodes.map(({ id }) => id)
  const names = safeNames(ids, RESERVED)
  for (const { id, type } of graph.nodes)
    lines.push(`  ${names.get(id)} [label=${quoted(idLabel(id))}, ${SHAPES[type]}];`)
  const { edges, left } = drawnEdges(graph, options)
  for (const edge of edges) {
    const label = edgeLabel(edge)
    const attributes = [
      ...(label === null ? [] : [`label=${quoted(label)}`]),
      ...(edge.kind === 'order' ? ['style=dotted'] : []),
    ]
    const list = attributes.length === 0 ? '' : ` [${attributes.join(', ')}]`
    lines.push(`  ${names.get(edge.from)} -> ${names.get(edge.to)}${list};`)
  }
  if (left > 0) lines.push(`  // ${left} edges more than the ${EDGES_MAX} that are drawn`)
  return `${lines.join('\n')}\n}\n`
}

/** A backslash would begin one of Graphviz' own escapes (`\N`, `\l`); two are a backslash. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
