/** White space to Python's strip, split and isspace. JavaScript's \s lacks U+001C to U+001F and U+0085 and has U+FEFF instead. */
const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'

export const IS_SPACE = new RegExp(`^[${SPACE}]+$`)
const SPACE_UNIT = new RegExp(`[${SPACE}]`)

export function isSpaceUnit(unit: string): boolean {
  return SPACE_UNIT.test(unit)
}

export function stripSpace(text: string): string {
  return stripSpaceEnd(stripSpaceStart(text))
}

export function stripSpaceStart(text: string): string {
  let start = 0
  while (start < text.length && isSpaceUnit(text.charAt(start))) start++
  return text.slice(start)
}

export function stripSpaceEnd(text: string): string {
  let end = text.length
  while (end > 0 && isSpaceUnit(text.charAt(end - 1))) end--
  return text.slice(0, end)
}
