import { readFileSync } from 'node:fs'

/** One change in one place of a file. */
export interface Mutant {
  readonly file: string
  /** 0-based, in UTF-16 units. */
  readonly offset: number
  readonly from: string
  readonly to: string
}

const CHANGES: readonly (readonly [from: RegExp, to: string])[] = [
  [/ === /g, ' !== '],
  [/ !== /g, ' === '],
  [/ && /g, ' || '],
  [/ \|\| /g, ' && '],
  [/ < /g, ' <= '],
  [/ <= /g, ' < '],
  [/ > /g, ' >= '],
  [/ \+ 1\b/g, ' + 2'],
  [/ - 1\b/g, ' - 0'],
  [/ \* 2\b/g, ' * 3'],
  [/\btrue\b/g, 'false'],
  [/\bfalse\b/g, 'true'],
  [/\.some\(/g, '.every('],
  [/\.every\(/g, '.some('],
  [/Math\.min/g, 'Math.max'],
  [/\(!/g, '('],
  [/ \? /g, ' ? false && '],
  [/\breturn null\b/g, 'return undefined as never'],
  [/: \[\]/g, ': [...plan.nodes] as never'],
]

/** Comments, imports and types change nothing at run time. */
const NO_CODE = /^\s*(?:\): |\*|\/\/|\/\*|import |export (?:type|interface) |interface |type |readonly |\| )/

export function mutantsOf(file: string): readonly Mutant[] {
  const text = readFileSync(file, 'utf8')
  return CHANGES.flatMap(([pattern, to]) =>
    Array.from(text.matchAll(pattern), ({ index, 0: from }): Mutant => ({ file, offset: index, from, to })),
  )
    .filter(({ offset }) => !NO_CODE.test(lineAt(text, offset)))
    .sort((a, b) => a.offset - b.offset)
}

export function planted({ offset, from, to }: Mutant, text: string): string {
  return text.slice(0, offset) + to + text.slice(offset + from.length)
}

/** `file:line: the line as it becomes` */
export function describe(mutant: Mutant): string {
  const text = readFileSync(mutant.file, 'utf8')
  const number = text.slice(0, mutant.offset).split('\n').length
  return `${mutant.file}:${number}: ${lineAt(planted(mutant, text), mutant.offset).trim()}`
}

function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset) + 1
  const end = text.indexOf('\n', offset)
  return text.slice(start, end === -1 ? undefined : end)
}
