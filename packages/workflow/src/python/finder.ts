/** Where a part occurs in a text, at or after an offset; -1 where it does not. In UTF-16 units. */
export type Finder = (from: number) => number

/** Above this many comparisons in the worst case (about a tenth of a second) the engine's own search is not trusted: it can be quadratic. */
const NATIVE_COMPARISONS_MAX = 100_000_000

/** Searches in linear time, however the two texts are made. */
export function finder(text: string, part: string): Finder {
  if (text.length * part.length <= NATIVE_COMPARISONS_MAX) return (from) => text.indexOf(part, from)
  return knuthMorrisPratt(text, part)
}

/** The last occurrence that begins at or before an offset. */
export function findLast(text: string, part: string, before = text.length): number {
  if (text.length * part.length <= NATIVE_COMPARISONS_MAX) return text.lastIndexOf(part, before)
  const find = finder(text, part)
  let last = -1
  for (let at = find(0); at !== -1 && at <= before; at = find(at + 1)) last = at
  return last
}

export function includesText(text: string, part: string): boolean {
  return finder(text, part)(0) !== -1
}

function knuthMorrisPratt(text: string, part: string): Finder {
  const borders = new Int32Array(part.length)
  for (let at = 1, border = 0; at < part.length; at++) {
    while (border > 0 && part.charCodeAt(at) !== part.charCodeAt(border)) border = borders[border - 1] ?? 0
    if (part.charCodeAt(at) === part.charCodeAt(border)) border++
    borders[at] = border
  }
  // A search that begins one behind the last hit goes on from it, so that walking over all hits stays linear.
  let at = 0
  let matched = 0
  return (from) => {
    if (from !== at - part.length + 1 || matched !== part.length) {
      at = from
      matched = 0
    } else matched = borders[part.length - 1] ?? 0
    for (; at < text.length;) {
      while (matched > 0 && text.charCodeAt(at) !== part.charCodeAt(matched)) matched = borders[matched - 1] ?? 0
      if (text.charCodeAt(at) === part.charCodeAt(matched)) matched++
      at++
      if (matched === part.length) return at - part.length
    }
    return -1
  }
}
