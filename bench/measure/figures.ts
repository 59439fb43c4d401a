/** The middle of what was measured, and its ends. */
export interface Figure {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function figureOf(values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b)
  return { median: middleOf(sorted), min: sorted.at(0) ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN }
}

export function median(values: readonly number[]): number {
  return middleOf(values.toSorted((a, b) => a - b))
}

function middleOf(sorted: readonly number[]): number {
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2
}
