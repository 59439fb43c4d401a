import type { Reference } from '../state/reference.ts'
import type { Node } from './syntax.ts'

/** The state paths that an expression reads, in the order of the text. A method that is called is no part of a path. */
export function expressionReferences(root: Node): readonly Reference[] {
  const references: Reference[] = []
  collect(root, references)
  return references
}

function collect(node: Node, references: Reference[]): void {
  const reference = chainReference(node)
  if (reference !== null) references.push(reference)
  else for (const child of children(node)) collect(child, references)
}

/** `state.a['b'][0].c`, followed down to its name; null for everything that is not such a chain. */
function chainReference(node: Node): Reference | null {
  const keys: string[] = []
  let current = node
  while (current.kind === 'attribute' || current.kind === 'subscript' || current.kind === 'slice') {
    if (current.kind === 'attribute') keys.unshift(current.name)
    else if (current.kind === 'subscript' && typeof current.key === 'string') keys.unshift(current.key)
    current = current.target
  }
  if (current.kind !== 'name' || (current.name !== 'state' && current.name !== 'steps')) return null
  if (current.name === 'steps') keys.unshift('steps')
  return { path: keys.length === 0 ? null : keys, offset: current.offset, length: node.end - current.offset }
}

export function children(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'constant':
    case 'name':
      return []
    case 'attribute':
    case 'subscript':
    case 'slice':
      return [node.target]
    case 'call':
      return node.args
    case 'method':
      return [node.target, ...node.args]
    case 'sequence':
      return node.items
    case 'mapping':
      return node.entries.flat()
    case 'all':
    case 'any':
      return node.operands
    case 'not':
    case 'negate':
    case 'plus':
      return [node.operand]
    case 'add':
    case 'subtract':
      return [node.left, node.right]
    case 'compare':
      return [node.first, ...node.rest.map(([, operand]) => operand)]
    case 'choice':
      return [node.condition, node.consequent, node.otherwise]
  }
}
