// Python's strings are sequences of code points, JavaScript's of UTF-16 units. Where a text has no surrogates, which is nearly
// always, both are the same and nothing is split.
const SURROGATE = /[\ud800-\udfff]/

export function hasSurrogates(text: string): boolean {
  return SURROGATE.test(text)
}

export function codePointLength(text: string): number {
  if (!hasSurrogates(text)) return text.length
  let length = 0
  for (let unit = 0; unit < text.length; length++) unit += unitsAt(text, unit)
  return length
}

/** 2 where a surrogate pair begins, else 1. */
function unitsAt(text: string, unit: number): number {
  return (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1
}

/** The units of the text that one index of Python addresses. */
export function codePoints(text: string): string | readonly string[] {
  return hasSurrogates(text) ? Array.from(text) : text
}

/** The code point at an index, negative ones from the end; undefined outside. */
export function codePointAt(text: string, index: number): string | undefined {
  return codePoints(text).at(index)
}

/** From start to before end, both within 0 and the length. */
export function codePointSlice(text: string, start: number, end: number): string {
  const points = codePoints(text)
  return typeof points === 'string' ? points.slice(start, end) : points.slice(start, end).join('')
}

/** Where code point `index` begins, in UTF-16 units. */
export function unitOffset(text: string, index: number): number {
  if (!hasSurrogates(text)) return index
  let unit = 0
  for (let count = 0; count < index && unit < text.length; count++) unit += unitsAt(text, unit)
  return unit
}

/** How many code points lie before a UTF-16 offset. */
export function pointIndex(text: string, unit: number): number {
  return codePointLength(text.slice(0, unit))
}

/** Negative, zero or positive, by code points: U+FF5A sorts before U+1F600, which its surrogates do not. */
export function compareText(left: string, right: string): number {
  if (!hasSurrogates(left) && !hasSurrogates(right)) return left < right ? -1 : left > right ? 1 : 0
  const end = Math.min(left.length, right.length)
  for (let index = 0; index < end; index++) {
    const a = left.charCodeAt(index)
    const b = right.charCodeAt(index)
    if (a !== b) return rank(a) - rank(b)
  }
  return left.length - right.length
}

/** UTF-16 units in the order of the code points that they belong to: surrogates above U+E000..U+FFFF. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
