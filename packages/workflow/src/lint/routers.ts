import { isBroken } from '../compile/step/reads.ts'
import type { Comparison, Node } from '../expression/syntax.ts'
import { constantOf, isRouter } from '../graph/reach.ts'
import type { RouterStep } from '../plan/plan.ts'
import type { Linted } from './place.ts'

/**
 * Routers that may find no condition true and have no default: they fail there. One condition alone is a test that is meant to
 * fail, and conditions that leave nothing out need no default.
 */
export function warnOfMissingDefaults({ plan, findings, at }: Linted): void {
  for (const node of plan.nodes) {
    if (!isRouter(node) || node.step.defaultTarget !== null || node.step.conditions.length < 2) continue
    if (isExhaustive(node.step)) continue
    findings.warn(
      'lint/router-without-default',
      at(node.index, 'conditions'),
      'the router fails where none of its conditions holds',
      { help: 'add a `default`', part: 'key' },
    )
  }
}

const OPPOSITES: { readonly [operator in Comparison]?: Comparison } = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
  in: 'not in',
  'not in': 'in',
  is: 'is not',
  'is not': 'is',
}

/** Whether one condition always holds, or two of them are each other's opposite. */
function isExhaustive({ conditions }: RouterStep): boolean {
  const seen = new Set<string>()
  for (const { expression } of conditions) {
    if (isBroken(expression) || constantOf(expression) === true) return true
    if (opposites(expression.root).some((text) => seen.has(text))) return true
    seen.add(written(expression.root))
  }
  return false
}

/** What holds exactly where a node does not, in the form that `written` gives. */
function opposites(node: Node): readonly string[] {
  if (node.kind === 'not') return [written(node.operand)]
  const negated = `not(${written(node)})`
  const [only, ...more] = node.kind === 'compare' ? node.rest : []
  if (node.kind !== 'compare' || only === undefined || more.length > 0) return [negated]
  const [operator, right] = only
  const opposite = OPPOSITES[operator]
  return opposite === undefined ? [negated] : [negated, comparison(written(node.first), opposite, written(right))]
}

/** A node without its places, the same for `1 < x` however it is spaced. */
function written(node: Node): string {
  if (node.kind === 'not') return `not(${written(node.operand)})`
  const [only, ...more] = node.kind === 'compare' ? node.rest : []
  if (node.kind === 'compare' && only !== undefined && more.length === 0)
    return comparison(written(node.first), only[0], written(only[1]))
  return JSON.stringify(node, withoutPlaces)
}

function comparison(left: string, operator: Comparison, right: string): string {
  return `${left} ${operator} ${right}`
}

function withoutPlaces(key: string, value: unknown): unknown {
  if (key === 'offset' || key === 'end') return undefined
  return typeof value === 'bigint' ? String(value) : value
}
