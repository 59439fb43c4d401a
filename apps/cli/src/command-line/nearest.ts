/** The known name that a mistyped one was probably meant to be, or null where none is near. */
export function nearest(name: string, known: readonly string[]): string | null {
  const wanted = name.toLowerCase()
  const scored = known.map((candidate) => ({ candidate, distance: distanceOf(wanted, candidate.toLowerCase()) }))
  const [best] = scored.sort((a, b) => a.distance - b.distance)
  if (best === undefined) return null
  // A third of the letters may be wrong; the beginning of a name is always good enough.
  const isNear = best.distance <= Math.max(1, Math.floor(wanted.length / 3))
  if (isNear) return best.candidate
  const bare = wanted.replace(/^--no-/, '--')
  return known.find((candidate) => candidate === bare || (wanted.length > 3 && candidate.startsWith(wanted))) ?? null
}

/** Letters to insert, drop or replace (Levenshtein). */
function distanceOf(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8) return Infinity // names on a command line are short; no need to look closer
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [row, letter] of [...a].entries()) {
    const next = [row + 1]
    for (const [column, other] of [...b].entries()) {
      const replaced = (last[column] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (last[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    last = next
  }
  return last.at(-1) ?? 0
}
