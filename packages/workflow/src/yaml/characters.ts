/** What YAML lets nobody write raw: control characters, marks of byte order, halves of surrogate pairs. */
const FORBIDDEN = /[\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x84\x86-\x9F\uFEFF\uFFFE\uFFFF]|\p{Cs}/u

/** The first character that no YAML text may hold, or null. */
export function forbiddenCharacter(text: string): { readonly offset: number; readonly name: string } | null {
  const match = FORBIDDEN.exec(text)
  return match === null ? null : { offset: match.index, name: codePointName(match[0]) }
}

/** `U+00A0`. */
export function codePointName(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
