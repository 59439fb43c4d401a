import type { Graph, GraphNode } from './graph.ts'
import { idLabel } from './label.ts'

const COLUMNS = 50

/** Steps of a layer that are drawn; a row of hundreds tells nothing. */
const LAYER_STEPS_MAX = 40

/** Layers that are drawn. */
const LAYERS_MAX = 1_000

const KINDS: { readonly [type in GraphNode['type']]: string } = {
  llm_call: 'LLM',
  tool: 'TOOL',
  router: 'IF/ELSE',
  function: 'CALL',
  subworkflow: 'SUB',
  approval_gate: 'GATE',
  foreach: 'EACH',
  sleep: 'SLEEP',
  wait_for: 'WAIT',
}

/**
 * The layers from top to bottom, for a terminal.
 * @param columns that rows may fill; longer ones are broken between steps
 */
export function toAscii({ name, nodes, layers }: Graph, { columns = 100 }: { readonly columns?: number } = {}): string {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const rule = `  ${'='.repeat(COLUMNS)}`
  const lines = ['', `  Workflow: ${idLabel(name)}`, rule]
  for (const [layer, ids] of layers.slice(0, LAYERS_MAX).entries()) {
    if (layer > 0) lines.push(centred('|'), centred('v'))
    const boxes = ids.slice(0, LAYER_STEPS_MAX).map((id) => box(byId.get(id), id))
    if (ids.length > boxes.length) boxes.push(`… and ${ids.length - boxes.length} more`)
    lines.push(...rowsOf(boxes, columns))
  }
  if (layers.length > LAYERS_MAX) lines.push(centred(`… and ${layers.length - LAYERS_MAX} layers more`))
  return `${[...lines, rule].join('\n')}\n`
}

function box(node: GraphNode | undefined, id: string): string {
  return `[${node === undefined ? '?' : KINDS[node.type]}: ${idLabel(id)}]`
}

function rowsOf(boxes: readonly string[], columns: number): readonly string[] {
  const rows: string[] = []
  for (const one of boxes) {
    const last = rows.at(-1)
    if (last !== undefined && last.length + 3 + one.length + 2 <= columns) rows[rows.length - 1] = `${last}   ${one}`
    else rows.push(one)
  }
  return rows.map(centred)
}

function centred(text: string): string {
  return `  ${' '.repeat(Math.max(0, Math.floor((COLUMNS - text.length) / 2)))}${text}`
}
