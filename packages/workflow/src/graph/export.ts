import type { Plan } from '../plan/plan.ts'
import { toAscii } from './ascii.ts'
import { graphDocument } from './document.ts'
import { toDot } from './dot.ts'
import type { DrawOptions } from './draw.ts'
import { graphOf } from './graph.ts'
import { toMermaid } from './mermaid.ts'
import { toPnml } from './pnml.ts'

export const GRAPH_FORMATS = ['ascii', 'mermaid', 'dot', 'pnml', 'json'] as const
export type GraphFormat = (typeof GRAPH_FORMATS)[number]

/**
 * A plan's graph as text: `ascii` for a terminal, Mermaid (without a fence), Graphviz DOT, PNML, or JSON. Users' texts are
 * escaped and cut; edges beyond 20,000 are left out, but for JSON.
 */
export function exportGraph(
  plan: Plan,
  format: GraphFormat,
  options: DrawOptions & { readonly columns?: number } = {},
): string {
  switch (format) {
    case 'ascii':
      return toAscii(graphOf(plan), options)
    case 'mermaid':
      return toMermaid(graphOf(plan), options)
    case 'dot':
      return toDot(graphOf(plan), options)
    case 'pnml':
      return toPnml(graphOf(plan))
    case 'json':
      return `${JSON.stringify(graphDocument(plan), null, 2)}\n`
  }
}
