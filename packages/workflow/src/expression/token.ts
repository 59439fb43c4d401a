import type { Py } from '../python/objects.ts'

/** A piece of an expression's text. `offset` and `end` are in UTF-16 units. */
export type Token = { readonly offset: number; readonly end: number } & (
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'keyword'; readonly text: string }
  | { readonly kind: 'operator'; readonly text: string }
  | { readonly kind: 'value'; readonly value: Py }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'end'; readonly text: '' }
)

/** Every keyword of Python: none of them can be a name or an attribute. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global if import in ' +
    'is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
)
