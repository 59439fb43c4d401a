/**
 * The first key that an object of a JSON text has twice, with its 1-based column; of two the last would win silently.
 * Text that is no JSON is somebody else's to refuse: it is looked through as far as it makes sense.
 */
export function repeatedKey(text: string): { readonly name: string; readonly column: number } | null {
  const objects: (Set<string> | null)[] = [] // null: a list
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]]/gs
  for (const { 0: found, index } of text.matchAll(token)) {
    if (found === '{') objects.push(new Set())
    else if (found === '[') objects.push(null)
    else if (found === '}' || found === ']') objects.pop()
    else {
      const keys = objects.at(-1)
      const isKey = keys != null && /^\s*:/.test(text.slice(index + found.length, index + found.length + 50))
      if (!isKey) continue
      const name = unquoted(found)
      if (keys.has(name)) return { name, column: index + 1 }
      keys.add(name)
    }
  }
  return null
}

function unquoted(quoted: string): string {
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted
  }
}
