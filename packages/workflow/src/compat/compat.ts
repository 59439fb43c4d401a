/**
 * What changes under `compat: agentloom`. Each switch names the conformance case that needs it; no other code asks for
 * compat by name.
 */
export interface Compat {
  /** Plain scalars as in YAML 1.1 (cases 074, 075). */
  readonly isYamlOneOne: boolean
  /** A key given twice is no error (case 077). */
  readonly lastKeyWins: boolean
  /** `config.timeout` is read and not enforced (case 201). */
  readonly ignoresRunTimeout: boolean
  /** What the Python engine does not know is refused. */
  readonly refusesNewConstructs: boolean
}

export type CompatName = 'agentloom' | null

const NONE: Compat = { isYamlOneOne: false, lastKeyWins: false, ignoresRunTimeout: false, refusesNewConstructs: false }
const AGENTLOOM: Compat = { isYamlOneOne: true, lastKeyWins: true, ignoresRunTimeout: true, refusesNewConstructs: true }

export function compatFor(name: CompatName): Compat {
  return name === 'agentloom' ? AGENTLOOM : NONE
}
