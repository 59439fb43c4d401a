import { type Alias, isAlias, isMap, isScalar, isSeq, type Pair, type ParsedNode, type Scalar } from 'yaml'
import type { Path } from '../diagnostics/path.ts'
import type { Part, Span } from '../diagnostics/source.ts'
import { spanOf } from './to-value.ts'

export interface LocatedTree {
  readonly text: string
  readonly root: ParsedNode | null
  readonly targets: ReadonlyMap<Alias, ParsedNode>
}

interface Found {
  readonly node: ParsedNode
  /** The key that it is the value of. */
  readonly key: ParsedNode | null
}

/** The place of a value, or of the nearest one around it. */
export function locateIn(tree: LocatedTree, path: Path, part?: Part | 'key'): Span {
  if (tree.root === null) return { offset: 0, length: 1 }
  let found: Found = { node: tree.root, key: null }
  let isWhole = true
  for (const step of path) {
    const next = childOf(tree, found.node, step)
    if (next === null) {
      isWhole = false
      break
    }
    found = next
  }
  if (!isWhole) return spanOf(found.key ?? found.node)
  if (part === 'key') return spanOf(found.key ?? found.node)
  const node = resolved(tree, found.node)
  return part !== undefined && isScalar(node) ? partOf(tree.text, node as Scalar.Parsed, part) : spanOf(found.node)
}

/** The text of the scalar at a path, or null. Before anchors are known it does not look through aliases. */
export function textAt(tree: LocatedTree, path: Path): string | null {
  let node = tree.root
  for (const step of path) node = node === null ? null : (childOf(tree, node, step)?.node ?? null)
  return node !== null && isScalar(node) ? String(node.value ?? '') : null
}

function childOf(tree: LocatedTree, parent: ParsedNode, step: string | number): Found | null {
  const node = resolved(tree, parent)
  if (isSeq(node) && typeof step === 'number') {
    const item = node.items[step] as ParsedNode | undefined
    return item === undefined ? null : { node: item, key: null }
  }
  if (!isMap(node) || typeof step !== 'string') return null
  const pairs = node.items as Pair<ParsedNode, ParsedNode | null>[]
  const pair = pairs.findLast(({ key }) => keyText(tree, key) === step)
  if (pair !== undefined) return { node: pair.value ?? pair.key, key: pair.key }
  for (const { key, value } of pairs) {
    if (keyText(tree, key) !== '<<' || value === null) continue
    const merged = resolved(tree, value)
    const sources = isSeq(merged) ? (merged.items as ParsedNode[]) : [merged]
    for (const source of sources) {
      const found = source === parent ? null : childOf(tree, source, step)
      if (found !== null) return found
    }
  }
  return null
}

function resolved(tree: LocatedTree, node: ParsedNode): ParsedNode {
  return isAlias(node) ? (tree.targets.get(node) ?? node) : node
}

function keyText(tree: LocatedTree, node: ParsedNode): string | null {
  const key = resolved(tree, node)
  return isScalar(key) ? String(key.value ?? '') : null
}

/** Where a part of the text value stands in the source: escapes and block indentation shift it. */
function partOf(text: string, scalar: Scalar.Parsed, part: Part): Span {
  const value = String(scalar.value ?? '')
  const whole = spanOf(scalar)
  const raw = text.slice(whole.offset, whole.offset + whole.length)
  const needle = value.slice(part.index, part.index + part.length)
  const verbatim = raw.indexOf(value)
  if (verbatim !== -1) return { offset: whole.offset + verbatim + part.index, length: part.length }
  // Otherwise the same occurrence of the same text, counted from the beginning.
  let at = -1
  for (let seen = value.indexOf(needle); seen !== -1 && seen <= part.index; seen = value.indexOf(needle, seen + 1)) {
    at = raw.indexOf(needle, at + 1)
    if (at === -1) return whole
  }
  return at === -1 || needle === '' ? whole : { offset: whole.offset + at, length: part.length }
}
