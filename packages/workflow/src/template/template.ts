import type { Reference } from '../state/reference.ts'

/** A template that was read: plain data, rendered many times. */
export interface Template {
  readonly text: string
  /** In the order of the text; placeholders inside format specifications included. */
  readonly references: readonly Reference[]
  readonly parts: readonly TemplatePart[]
}

export type TemplatePart = string | Placeholder

export interface Placeholder {
  /** The name before the first `.` or `[`. */
  readonly root: string
  readonly accesses: readonly Access[]
  readonly conversion: 'r' | 's' | 'a' | null
  /** The format specification; empty for none, parts where it holds placeholders itself. */
  readonly spec: string | readonly TemplatePart[]
  /** Of the opening brace, in UTF-16 units. */
  readonly offset: number
}

export type Access =
  | { readonly kind: 'attribute'; readonly name: string }
  /** `index` is the number where the text is all digits, else null. */
  | { readonly kind: 'item'; readonly key: string; readonly index: number | null }
