/** The steps in the order of the plan: by layer, then by id in code points. */
export interface Order {
  /** Rank → index of the step as declared. */
  readonly declared: readonly number[]
  /** Rank → layer. */
  readonly layers: readonly number[]
  /** Layer → rank of its first step. */
  readonly layerStarts: readonly number[]
}

/**
 * Layer 0 is what depends on nothing, else one more than the highest layer among the dependencies.
 * @returns null where a cycle keeps some steps from having a layer
 * @see docs/scheduling.md rule 1
 */
export function orderOf(ids: readonly string[], dependencies: readonly (readonly number[])[]): Order | null {
  const layers = layersOf(dependencies)
  if (layers === null) return null
  const declared = ids.map((_, index) => index)
  const layerAt = (index: number): number => layers[index] ?? 0
  declared.sort((a, b) => layerAt(a) - layerAt(b) || compareCodePoints(ids[a] ?? '', ids[b] ?? ''))
  const layerStarts: number[] = []
  for (const [rank, index] of declared.entries()) if (layerAt(index) === layerStarts.length) layerStarts.push(rank)
  return { declared, layers: declared.map(layerAt), layerStarts }
}

function layersOf(dependencies: readonly (readonly number[])[]): readonly number[] | null {
  const open = dependencies.map((sources) => sources.length)
  const dependents = dependencies.map((): number[] => [])
  for (const [index, sources] of dependencies.entries()) for (const source of sources) dependents[source]?.push(index)
  const layers = dependencies.map(() => 0)
  const ready = open.flatMap((count, index) => (count === 0 ? [index] : []))
  for (let next = 0; next < ready.length; next++) {
    const index = ready[next] ?? 0
    for (const dependent of dependents[index] ?? []) {
      layers[dependent] = Math.max(layers[dependent] ?? 0, (layers[index] ?? 0) + 1)
      const left = (open[dependent] ?? 0) - 1
      open[dependent] = left
      if (left === 0) ready.push(dependent)
    }
  }
  return ready.length === dependencies.length ? layers : null
}

/** The order of text by code points; `<` compares halves of surrogate pairs. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (left === right) continue
    const areSurrogates = [left >= 0xd800 && left < 0xe000, right >= 0xd800 && right < 0xe000]
    // Astral characters sort above all others, though their halves lie below U+E000.
    return areSurrogates[0] === areSurrogates[1] ? left - right : areSurrogates[0] ? 1 : -1
  }
  return a.length - b.length
}
