import type { ExpressionWarning } from './expression.ts'
import { children } from './references.ts'
import { FUNCTIONS, shorten } from './rules.ts'
import type { Node } from './syntax.ts'

const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['true', 'True'],
  ['false', 'False'],
  ['null', 'None'],
  ['none', 'None'],
  ['undefined', 'None'],
])

/** What to write instead of a name that does not exist. */
export function nameHelp(name: string): string {
  const spelling = SPELLINGS.get(name)
  return spelling === undefined ? `values of the state are read as state.${shorten(name)}` : `write ${spelling}`
}

/** What can be read and is surely not meant: it fails when it is reached, or never says what one expects. */
export function expressionWarnings(root: Node): readonly ExpressionWarning[] {
  const warnings: ExpressionWarning[] = []
  if (root.kind === 'sequence' && root.items.length > 0) {
    warnings.push({ message: 'a list or tuple with elements is always true', help: null, offset: root.offset })
  }
  collect(root, warnings)
  return warnings
}

function collect(node: Node, warnings: ExpressionWarning[]): void {
  if (node.kind === 'name' && !FUNCTIONS.has(node.name) && node.name !== 'state' && node.name !== 'steps') {
    warnings.push({
      message: `name '${shorten(node.name)}' is not defined`,
      help: nameHelp(node.name),
      offset: node.offset,
    })
  }
  if (
    node.kind === 'compare' &&
    node.rest.some(([operator]) => operator === 'is' || operator === 'is not') &&
    !hasIdentity(node)
  ) {
    warnings.push({
      message: "'is' compares by identity",
      help: 'write ==, or compare with None, True or False',
      offset: node.offset,
    })
  }
  for (const child of children(node)) collect(child, warnings)
}

/** Whether a comparison has None, True or False in it: for those alone `is` says what it seems to. */
function hasIdentity(node: Node): boolean {
  return children(node).some(
    (operand) => operand.kind === 'constant' && (operand.value === null || typeof operand.value === 'boolean'),
  )
}
