// Upper, lower and title case by Unicode's full mappings, the same in every locale. JavaScript has upper and lower; the exceptions below
// are all characters where folding or title case does not follow from them (found by comparing every code point with Python 3.11).

export function casefold(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text.toLowerCase() : mapPoints(text, foldPoint)
}

export function capitalize(text: string): string {
  const [first = ''] = text
  return titlePoint(first) + lowerFrom(text, first.length)
}

/** The first letter of each run of cased characters in title case, the others in lower case. */
export function title(text: string): string {
  let wasCased = false
  return mapWithLower(text, (point, lower) => {
    const mapped = wasCased ? lower : titlePoint(point)
    wasCased = /\p{Cased}/u.test(point)
    return mapped
  })
}

export function swapcase(text: string): string {
  return mapWithLower(text, (point, lower) => {
    if (/\p{Uppercase}/u.test(point)) return lower
    return /\p{Lowercase}/u.test(point) ? point.toUpperCase() : point
  })
}

/** Maps each character, with its lower case in this text: a final sigma depends on what stands around it. */
function mapWithLower(text: string, map: (point: string, lower: string) => string): string {
  const whole = text.toLowerCase()
  const isAligned = whole.length === text.length
  let at = 0
  return mapPoints(text, (point) => {
    const lower = isAligned ? whole.slice(at, at + point.length) : point.toLowerCase()
    at += point.length
    return map(point, lower)
  })
}

/** Lower case of what follows, with the whole text as context: a final sigma depends on what stands before. */
function lowerFrom(text: string, offset: number): string {
  const lower = text.toLowerCase()
  return lower.length === text.length ? lower.slice(offset) : text.slice(offset).toLowerCase()
}

function mapPoints(text: string, map: (point: string) => string): string {
  let result = ''
  for (const point of text) result += map(point)
  return result
}

function foldPoint(point: string): string {
  const code = point.codePointAt(0) ?? 0
  if (code === 0x131 || (code >= 0x13a0 && code <= 0x13f5)) return point
  if (code >= 0x13f8 && code <= 0x13fd) return String.fromCodePoint(code - 8)
  if (code >= 0xab70 && code <= 0xabbf) return String.fromCodePoint(code - 0xab70 + 0x13a0)
  if (code === 0x1e9e) return 'ss'
  return mapPoints(point.toUpperCase(), (upper) => upper.toLowerCase())
}

/** Letter of a digraph in upper, title and lower case → title case. */
const TITLE_DIGRAPHS: ReadonlyMap<string, string> = new Map(
  ['Ǆǅǆ', 'Ǉǈǉ', 'Ǌǋǌ', 'Ǳǲǳ'].flatMap((group) => Array.from(group, (letter) => [letter, group.charAt(1)] as const)),
)

function titlePoint(point: string): string {
  const digraph = TITLE_DIGRAPHS.get(point)
  if (digraph !== undefined) return digraph
  const code = point.codePointAt(0) ?? 0
  if (code >= 0x10d0 && code <= 0x10ff) return point
  if (code >= 0x1f80 && code <= 0x1faf) return String.fromCodePoint(code | 8)
  if (code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3) return String.fromCodePoint(code + 9)
  if (code === 0x1fbc || code === 0x1fcc || code === 0x1ffc) return point
  if (code === 0x149) return 'ʼN'
  const [first = '', ...rest] = point.toUpperCase()
  // The iota subscript of Greek stays a mark in title case.
  return first + rest.join('').toLowerCase().replace('\u03b9', '\u0345')
}
