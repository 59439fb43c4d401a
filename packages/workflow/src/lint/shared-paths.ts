import { shown } from '../diagnostics/shown.ts'
import type { PlanNode } from '../plan/plan.ts'
import type { Guards } from './guards.ts'
import type { Linted } from './place.ts'

/** Pairs compared at most, and steps visited to tell whether two of them are ordered. */
const PAIRS_MAX = 10_000
const CHECKS_MAX = 1_000_000

/** Which argument of a built-in tool names a file, and whether the tool writes it. */
const FILE_TOOLS: { readonly [tool: string]: { readonly argument: string; readonly writes: boolean } } = {
  file_read: { argument: 'path', writes: false },
  file_write: { argument: 'path', writes: true },
}

interface Use {
  readonly node: PlanNode
  readonly argument: string
  readonly writes: boolean
}

/**
 * Files are no edges (scheduling.md): of two steps that name one literal path and write it, nothing says which comes first,
 * unless an edge orders them or one router chooses between them.
 */
export function warnOfSharedPaths({ plan, findings, at: placeOf }: Linted, guards: Guards): void {
  const order = new EdgeOrder(plan.nodes)
  let pairsLeft = PAIRS_MAX
  for (const [path, uses] of usesByPath(plan.nodes)) {
    for (const [position, later] of uses.entries()) {
      for (let at = 0; at < position; at++) {
        if (pairsLeft-- <= 0) return
        const earlier = uses[at]
        if (earlier === undefined || (!later.writes && !earlier.writes)) continue
        if (order.waitsFor(later.node, earlier.node)) continue
        if (guards.areExclusive(earlier.node.index, later.node.index)) continue
        const message = `'${shown(path, 80)}' is named by '${shown(earlier.node.id, 80)}' too, and no edge orders the two`
        findings.warn('lint/unordered-path', placeOf(later.node.index, 'tool_args', later.argument), message, {
          help: 'order them with depends_on, or use another path',
        })
        break
      }
    }
  }
}

function usesByPath(nodes: readonly PlanNode[]): ReadonlyMap<string, readonly Use[]> {
  const byPath = new Map<string, Use[]>()
  for (const node of nodes) {
    const { step } = node
    if (step.type !== 'tool' || typeof step.toolName !== 'string' || !Object.hasOwn(FILE_TOOLS, step.toolName)) continue
    const tool = FILE_TOOLS[step.toolName]
    const argument =
      tool === undefined || !Object.hasOwn(step.args, tool.argument) ? undefined : step.args[tool.argument]
    if (tool === undefined || argument === undefined || 'broken' in argument || argument.kind !== 'literal') continue
    const { value } = argument
    if (typeof value !== 'string') continue
    const path = value.replace(/^(?:\.\/+)+/, '').replace(/\/{2,}/g, '/')
    const use = { node, ...tool }
    const uses = byPath.get(path)
    if (uses === undefined) byPath.set(path, [use])
    else uses.push(use)
  }
  return byPath
}

/** Whether one step waits for another over edges of any kind. */
class EdgeOrder {
  readonly #nodes: readonly PlanNode[]
  #checksLeft = CHECKS_MAX

  constructor(nodes: readonly PlanNode[]) {
    this.#nodes = nodes
  }

  waitsFor(later: PlanNode, earlier: PlanNode): boolean {
    const open = [later.index]
    const seen = new Set(open)
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const source of this.#nodes[at]?.sources ?? []) {
        if (source === earlier.index || this.#checksLeft-- <= 0) return true
        if (source < earlier.index || seen.has(source)) continue
        seen.add(source)
        open.push(source)
      }
    }
    return false
  }
}
