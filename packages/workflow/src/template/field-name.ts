import type { Access, Placeholder } from './template.ts'
import { syntaxError, type Field } from './scan.ts'

/** `state.a[b].c` → the root `state` and what is done to it. */
export function readFieldName({
  name,
  offset,
}: Pick<Field, 'name' | 'offset'>): Pick<Placeholder, 'root' | 'accesses'> {
  const base = offset + 1
  let at = nextAccess(name, 0)
  const root = name.slice(0, at)
  if (root === '' || /^\p{Nd}+$/u.test(root)) {
    throw syntaxError(`a placeholder needs a name, found '{${name.slice(0, 40)}}'`, offset)
  }
  const accesses: Access[] = []
  while (at < name.length) {
    const opener = name.charAt(at)
    if (opener === '.') {
      const end = nextAccess(name, at + 1)
      accesses.push({ kind: 'attribute', name: notEmpty(name.slice(at + 1, end), base + at) })
      at = end
    } else if (opener === '[') {
      const close = name.indexOf(']', at)
      if (close === -1) throw syntaxError("missing ']' in a placeholder", base + at)
      const key = notEmpty(name.slice(at + 1, close), base + at)
      accesses.push({ kind: 'item', key, index: /^\d+$/.test(key) ? Number(key) : null })
      at = close + 1
    } else {
      throw syntaxError("only '.' or '[' may follow ']' in a placeholder", base + at)
    }
  }
  return { root, accesses }
}

function nextAccess(name: string, from: number): number {
  for (let at = from; at < name.length; at++) {
    const character = name.charAt(at)
    if (character === '.' || character === '[') return at
  }
  return name.length
}

function notEmpty(name: string, offset: number): string {
  if (name === '') throw syntaxError('empty name in a placeholder', offset)
  return name
}
