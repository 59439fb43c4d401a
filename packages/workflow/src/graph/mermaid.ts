import type { Graph, GraphNode } from './graph.ts'
import { edgeLabel, EDGES_MAX, idLabel, safeNames } from './label.ts'
import { drawnEdges, type DrawOptions } from './draw.ts'

/** Words that mean something to Mermaid where a node's name could stand. */
const RESERVED = new Set(
  'end graph flowchart subgraph direction style linkstyle classdef class click default call href interpolate tb td bt rl lr'.split(
    ' ',
  ),
)

type Shape = readonly [open: string, close: string]

const SHAPES: { readonly [type in GraphNode['type']]: Shape } = {
  llm_call: ['[', ']'],
  tool: ['[/', '/]'],
  router: ['{', '}'],
  function: ['(', ')'],
  subworkflow: ['[[', ']]'],
  approval_gate: ['{{', '}}'],
  foreach: ['[(', ')]'],
  sleep: ['([', '])'],
  wait_for: ['>', ']'],
}

/** Mermaid flowchart text, without a fence. Ids that Mermaid could misread are numbered, and shown as labels. */
export function toMermaid(graph: Graph, options: DrawOptions = {}): string {
  const names = safeNames(
    graph.nodes.map(({ id }) => id),
    RESERVED,
  )
  const lines = ['graph TD']
  for (const { id, type } of graph.nodes) {
    const [open, close] = SHAPES[type]
    const quoted = type === 'router' || type === 'approval_gate' || names.get(id) !== id
    const label = quoted || !/^\w+$/.test(id) ? `"${escaped(idLabel(id))}"` : id
    lines.push(`    ${names.get(id)}${open}${label}${close}`)
  }
  const { edges, left } = drawnEdges(graph, options)
  for (const edge of edges) {
    const label = edgeLabel(edge)
    const arrow = edge.kind === 'order' ? '-.->' : '-->'
    const said = label === null ? '' : `|"${escaped(label)}"|`
    lines.push(`    ${names.get(edge.from)} ${arrow}${said} ${names.get(edge.to)}`)
  }
  if (left > 0) lines.push(`    %% ${left} edges more than the ${EDGES_MAX} that are drawn`)
  return `${lines.join('\n')}\n`
}

/** Entity codes, as Mermaid reads labels: quotes would end them, `#` begins a code, `<` is HTML to it. */
function escaped(text: string): string {
  return text.replace(/[#"&<>`\\]/g, (character) => `#${character.codePointAt(0)};`)
}
