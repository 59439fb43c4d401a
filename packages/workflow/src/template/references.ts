import type { Reference } from '../state/reference.ts'
import type { Access, Placeholder } from './template.ts'

/** The state path that a placeholder reads. A key that may be an index (all digits, also behind a minus) is dropped as one. */
export function placeholderReference(
  { root, accesses }: Pick<Placeholder, 'root' | 'accesses'>,
  { offset, length }: { readonly offset: number; readonly length: number },
): Reference {
  const keys = accesses.flatMap(keyOf)
  if (root !== 'state') return { path: [root, ...keys], offset, length }
  return { path: keys.length === 0 ? null : keys, offset, length }
}

function keyOf(access: Access): readonly string[] {
  if (access.kind === 'attribute') return [access.name]
  return /^\s*-?\d+\s*$/.test(access.key) ? [] : [access.key]
}
