import type { Ordering } from '../python/compare.ts'
import type { Py } from '../python/objects.ts'

export type Comparison = Ordering | '==' | '!=' | 'in' | 'not in' | 'is' | 'is not'

/**
 * What the reader makes of an expression: a closed set, all of it allowed. `offset` is where an error is shown (an operator, a
 * name), `end` is where the text of the node ends; both in UTF-16 units.
 */
export type Node = { readonly offset: number; readonly end: number } & (
  | { readonly kind: 'constant'; readonly value: Py }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'attribute'; readonly target: Node; readonly name: string }
  | { readonly kind: 'subscript'; readonly target: Node; readonly key: string | number | bigint }
  | { readonly kind: 'slice'; readonly target: Node; readonly bounds: SliceBounds }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: 'method'; readonly target: Node; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: 'sequence'; readonly items: readonly Node[]; readonly isTuple: boolean }
  | { readonly kind: 'mapping'; readonly entries: readonly (readonly [Node, Node])[] }
  | { readonly kind: 'all' | 'any'; readonly operands: readonly Node[] }
  | { readonly kind: 'not' | 'negate' | 'plus'; readonly operand: Node }
  | { readonly kind: 'add' | 'subtract'; readonly left: Node; readonly right: Node }
  | { readonly kind: 'compare'; readonly first: Node; readonly rest: readonly (readonly [Comparison, Node])[] }
  | { readonly kind: 'choice'; readonly condition: Node; readonly consequent: Node; readonly otherwise: Node }
)

/** `[start:stop:step]`; null where it is left out. */
export interface SliceBounds {
  readonly start: number | null
  readonly stop: number | null
  readonly step: number | null
}
