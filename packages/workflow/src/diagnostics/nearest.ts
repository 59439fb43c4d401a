/** Names compared at most, and their length: a suggestion must never cost more than the check that asks for it. */
const CANDIDATES_MAX = 2_000
const NAME_CHARS_MAX = 64

/** The candidate that `name` was probably meant to be, or null where none is near. */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  if (name.length === 0 || name.length > NAME_CHARS_MAX) return null
  let best: string | null = null
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1
  let seen = 0
  for (const candidate of candidates) {
    if (++seen > CANDIDATES_MAX) break
    if (candidate === name || Math.abs(candidate.length - name.length) >= bestDistance) continue
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), bestDistance)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Damerau-Levenshtein with adjacent swaps only (optimal string alignment); `limit` where it is that or more. */
export function editDistance(a: string, b: string, limit = Infinity): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let distance = Math.min(replaced, at(last, j) + 1, at(row, j - 1) + 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) distance = Math.min(distance, at(beforeLast, j - 2) + 1)
      row.push(distance)
    }
    // A swap reaches two rows back.
    if (Math.min(...row) >= limit && Math.min(...last) >= limit) return limit
    beforeLast = last
    last = row
  }
  return Math.min(limit, at(last, b.length))
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity
}
