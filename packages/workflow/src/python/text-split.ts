import { finder } from './finder.ts'
import { isSpaceUnit, stripSpaceEnd, stripSpaceStart } from './space.ts'

export interface SplitOptions {
  /** Null: runs of white space, none at the ends. Never empty. */
  readonly separator: string | null
  /** Splits at most; Infinity for all. */
  readonly max: number
}

export function split(text: string, { separator, max }: SplitOptions): readonly string[] {
  if (separator === null) return splitSpace(text, max)
  const parts: string[] = []
  const find = finder(text, separator)
  let start = 0
  for (let at = find(0); at !== -1 && parts.length < max; at = find(start)) {
    parts.push(text.slice(start, at))
    start = at + separator.length
  }
  return [...parts, text.slice(start)]
}

export function splitFromEnd(text: string, { separator, max }: SplitOptions): readonly string[] {
  if (separator === null) return splitSpaceFromEnd(text, max)
  const parts = split(reversed(text), { separator: reversed(separator), max })
  return parts.map(reversed).reverse()
}

/** By UTF-16 units: halves of pairs change places, and do so again on the way back. */
function reversed(text: string): string {
  return text.split('').reverse().join('')
}

function splitSpaceFromEnd(text: string, max: number): readonly string[] {
  const parts: string[] = []
  let end = text.length
  while (end > 0) {
    while (end > 0 && isSpaceUnit(text.charAt(end - 1))) end--
    if (end === 0) break
    if (parts.length >= max) {
      parts.push(text.slice(0, end))
      break
    }
    let start = end
    while (start > 0 && !isSpaceUnit(text.charAt(start - 1))) start--
    parts.push(text.slice(start, end))
    end = start
  }
  return parts.reverse()
}

function splitSpace(text: string, max: number): readonly string[] {
  const parts: string[] = []
  let at = 0
  while (at < text.length) {
    while (at < text.length && isSpaceUnit(text.charAt(at))) at++
    if (at === text.length) break
    if (parts.length >= max) {
      parts.push(text.slice(at))
      break
    }
    let end = at
    while (end < text.length && !isSpaceUnit(text.charAt(end))) end++
    parts.push(text.slice(at, end))
    at = end
  }
  return parts
}

export function splitLines(text: string, keepsEnds: boolean): readonly string[] {
  const lines: string[] = []
  let start = 0
  for (const { 0: end, index } of text.matchAll(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g)) {
    lines.push(text.slice(start, keepsEnds ? index + end.length : index))
    start = index + end.length
  }
  if (start < text.length) lines.push(text.slice(start))
  return lines
}

/** Drops characters of a set, or white space for null, from one or both ends. */
export function strip(
  text: string,
  { characters, side }: { characters: string | null; side: 'both' | 'start' | 'end' },
): string {
  if (characters === null) {
    const rest = side === 'end' ? text : stripSpaceStart(text)
    return side === 'start' ? rest : stripSpaceEnd(rest)
  }
  const set = new Set(characters)
  const points = Array.from(text)
  let start = 0
  let end = points.length
  if (side !== 'end') while (start < end && set.has(points[start] ?? '')) start++
  if (side !== 'start') while (end > start && set.has(points[end - 1] ?? '')) end--
  return points.slice(start, end).join('')
}
