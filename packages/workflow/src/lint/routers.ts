import { isBroken } from '../compile/reads.ts'
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
    if (opposites(expression.root, expression.text).some((text) => seen.has(text))) return true
    seen.add(written(expression.root, expression.text))
  }
  return false
}

/** The texts of which exactly one holds, this one or that. */
function opposites(node: Node, text: string): readonly string[] {
  if (node.kind === 'not') return [written(node.operand, text)]
  const negated = `not(${written(node, text)})`
  const [only, ...more] = node.kind === 'compare' ? node.rest : []
  if (node.kind !== 'compare' || only === undefined || more.length > 0) return [negated]
  const [operator, right] = only
  const opposite = OPPOSITES[operator]
  return opposite === undefined
    ? [negated]
    : [negated, comparison(written(node.first, text), opposite, written(right, text))]
}

function written(node: Node, text: string): string {
  if (node.kind === 'not') return `not(${written(node.operand, text)})`
  const [only, ...more] = node.kind === 'compare' ? node.rest : []
  if (node.kind === 'compare' && only !== undefined && more.length === 0)
    return comparison(written(node.first, text), only[0], written(only[1], text))
  return JSON.stringify(node, withoutPlaces)
}

function comparison(left: string, operator: Comparison, right: string): string {
  return `${left} ${operator} ${right}`
}

function withoutPlaces(key: string, value: unknown): unknown {
  if (key === 'offset' || key === 'end') return undefined
  return typeof value === 'bigint' ? String(value) : value
}
