import { ORDER_CHECKS_MAX } from './limits.ts'

/** Whether one step waits for another through `depends_on`, at any distance. The work is bounded over all questions. */
export class Ancestry {
  readonly #dependsOn: readonly (readonly number[])[]
  readonly #layers: readonly number[]
  #checksLeft = ORDER_CHECKS_MAX

  /** Both by rank. */
  constructor(dependsOn: readonly (readonly number[])[], layers: readonly number[]) {
    this.#dependsOn = dependsOn
    this.#layers = layers
  }

  /** True once the work of all questions was too much; answers since then are `true`, that is, unchecked. */
  get isExhausted(): boolean {
    return this.#checksLeft <= 0
  }

  waitsFor(later: number, earlier: number): boolean {
    const floor = this.#layers[earlier] ?? 0
    const open = [later]
    const seen = new Set(open)
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const source of this.#dependsOn[at] ?? []) {
        if (source === earlier || this.#checksLeft-- <= 0) return true
        if (seen.has(source) || (this.#layers[source] ?? 0) <= floor) continue
        seen.add(source)
        open.push(source)
      }
    }
    return false
  }
}
