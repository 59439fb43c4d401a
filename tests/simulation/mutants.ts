/** One deliberate mistake in the protocol: a piece of a module that is replaced when the module is loaded. */
export interface Mutant {
  readonly name: string
  /** End of the module's path. */
  readonly file: string
  readonly from: string
  readonly to: string
}

const journal = (name: string): string => `engine/src/journal/${name}.ts`

export const mutants: readonly Mutant[] = [
  {
    name: 'drop the fence',
    file: journal('settle'),
    from: "if (cell === undefined || cell.nonce !== held.nonce) return { outcome: 'stale' }",
    to: "if (cell === undefined) return { outcome: 'stale' }",
  },
]

/** @throws where the module has changed and the mutant is no longer what it says */
export function mutated({ name, file, from, to }: Mutant, text: string): string {
  const parts = text.split(from)
  if (parts.length !== 2) throw new Error(`mutant "${name}": ${file} has its text ${parts.length - 1} times`)
  return parts.join(to)
}
