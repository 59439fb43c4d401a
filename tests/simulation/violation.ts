/** The invariants of docs/durability.md, and what the simulation itself must keep. */
export type Invariant = `I${number}` | 'simulation'

export class Violation extends Error {
  override readonly name = 'Violation'
  readonly invariant: Invariant
  constructor(invariant: Invariant, message: string) {
    super(message)
    this.invariant = invariant
  }
}

export function demand(isKept: boolean, invariant: Invariant, message: () => string): void {
  if (!isKept) throw new Violation(invariant, message())
}
