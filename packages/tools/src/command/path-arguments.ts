/** A piece of a command's word that may be a path. */
export interface PathCandidate {
  readonly text: string
  /** Checked only if something of that name exists; else it is checked in any case. */
  readonly onlyIfExists: boolean
}

/**
 * What in the words after the executable may name a file. A guess about programs that we do not know, so it errs on the
 * side of refusing: operands, values behind `=`, values glued to an option (`-o/etc/x`, `-xzf/etc/x`), and what follows
 * `:`, `,`, `@` or `+` (`@/etc/passwd`, `file:/etc/passwd`) where it exists.
 */
export function pathCandidates(words: readonly string[]): PathCandidate[] {
  const found: PathCandidate[] = []
  let isPastOptions = false
  for (const word of words) {
    if (word === '--' && !isPastOptions) {
      isPastOptions = true
      continue
    }
    const isOption = !isPastOptions && word.startsWith('-')
    if (!isOption) found.push({ text: word, onlyIfExists: !isPathLike(word) })
    else if (!word.startsWith('--')) found.push(...gluedValues(word))
    for (const separator of word.matchAll(/[=:,@+]/g)) {
      const text = word.slice(separator.index + 1)
      if (text !== '') found.push({ text, onlyIfExists: separator[0] !== '=' || !isPathLike(text) })
    }
  }
  return found
}

/** `-o../x` may be `-o` with `../x`, or several letters and a rest: every rest up to the first slash is a candidate. */
function gluedValues(word: string): PathCandidate[] {
  const slash = word.indexOf('/')
  const last = slash === -1 ? word.length - 1 : slash
  const found: PathCandidate[] = []
  for (let start = 2; start <= last; start++) {
    const text = word.slice(start)
    found.push({ text, onlyIfExists: !isPathLike(text) })
  }
  return found
}

function isPathLike(text: string): boolean {
  return text.includes('/') || text === '.' || text === '..'
}
