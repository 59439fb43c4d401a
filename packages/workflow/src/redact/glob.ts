// Shell globs as Python's fnmatchcase reads them: `*` (also over dots), `?`, `[seq]`, `[!seq]`. Matched step by step, so that no
// pattern takes more than its length times the text's.

type Part =
  | { readonly kind: 'any' }
  | { readonly kind: 'one' }
  | { readonly kind: 'point'; readonly point: string }
  | { readonly kind: 'set'; readonly isNegated: boolean; readonly ranges: readonly (readonly [number, number])[] }

export type Glob = readonly Part[]

export function parseGlob(text: string): Glob {
  const points = [...text]
  const parts: Part[] = []
  for (let at = 0; at < points.length; at++) {
    const point = points[at] ?? ''
    const end = point === '[' ? setEnd(points, at) : -1
    if (point === '*') {
      if (parts.at(-1)?.kind !== 'any') parts.push({ kind: 'any' })
    } else if (point === '?') parts.push({ kind: 'one' })
    else if (end > 0) {
      parts.push(setPart(points.slice(at + 1, end)))
      at = end
    } else parts.push({ kind: 'point', point })
  }
  return parts
}

export function matchesGlob(glob: Glob, text: string): boolean {
  const points = [...text]
  let [part, at, star, starAt] = [0, 0, -1, 0]
  while (at < points.length) {
    const current = glob[part]
    if (current?.kind === 'any') {
      star = part++
      starAt = at
    } else if (current !== undefined && matchesOne(current, points[at] ?? '')) {
      part++
      at++
    } else if (star >= 0) {
      part = star + 1
      at = ++starAt
    } else return false
  }
  while (glob[part]?.kind === 'any') part++
  return part === glob.length
}

/** Where the bracket at `open` is closed, or -1: then it is a plain character. A `]` right at the beginning is one of the set. */
function setEnd(points: readonly string[], open: number): number {
  const first = points[open + 1] === '!' ? open + 2 : open + 1
  return points.indexOf(']', points[first] === ']' ? first + 1 : first)
}

function setPart(points: readonly string[]): Part {
  const isNegated = points[0] === '!'
  const items = isNegated ? points.slice(1) : points
  const ranges: (readonly [number, number])[] = []
  for (let at = 0; at < items.length; at++) {
    const low = codeOf(items[at])
    const isRange = items[at + 1] === '-' && at + 2 < items.length
    ranges.push([low, isRange ? codeOf(items[at + 2]) : low])
    if (isRange) at += 2
  }
  return { kind: 'set', isNegated, ranges }
}

function matchesOne(part: Part, point: string): boolean {
  if (part.kind === 'point') return part.point === point
  if (part.kind !== 'set') return part.kind === 'one'
  const code = codeOf(point)
  return part.ranges.some(([low, high]) => low <= code && code <= high) !== part.isNegated
}

function codeOf(point: string | undefined): number {
  return point?.codePointAt(0) ?? 0
}
