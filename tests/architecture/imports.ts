/** One import of a source file, as written. */
export interface Import {
  readonly specifier: string
  readonly line: number
  readonly isTypeOnly: boolean
}

// TypeScript 7 has no parser to borrow, and the house style (one statement a line, oxfmt) makes patterns enough. They
// err on the side of seeing an import too many: code inside a string counts.
const FROM = /^[ \t]*(?:import|export)([ \t]+type\b)?[^'";]*?\bfrom\s*['"]([^'"\n]+)['"]/gm
const BARE = /^[ \t]*import\s*['"]([^'"\n]+)['"]/gm
const CALLED = /\b(?:import|require|import\.meta\.resolve)\s*\(\s*['"]([^'"\n]+)['"]/g

/** Every import of a module: static, for its effect, called, of types. Comment lines are passed over. */
export function importsOf(source: string): Import[] {
  const code = source.replaceAll(/^[ \t]*(?:\/\/|\*|\/\*).*$/gm, '')
  const lineOf = (at: number) => code.slice(0, at).split('\n').length
  const found: Import[] = []
  const add = (specifier: string | undefined, match: RegExpExecArray, isTypeOnly: boolean) => {
    if (specifier === undefined) return
    found.push({ specifier, line: lineOf(match.index + match[0].lastIndexOf(specifier)), isTypeOnly })
  }
  for (const match of code.matchAll(FROM)) add(match[2], match, match[1] !== undefined)
  for (const match of code.matchAll(BARE)) add(match[1], match, false)
  for (const match of code.matchAll(CALLED)) add(match[1], match, false)
  return found
}
