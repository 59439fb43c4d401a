/** One line of the table. */
export interface Row {
  readonly figure: string
  readonly value: string
  /** What it should be, in words; null where nothing was promised. */
  readonly target: string | null
  readonly isMet: boolean | null
}

export interface Place {
  readonly folder: string
  /** 1 is the size that is reported; less is for a quick look. */
  readonly size: number
}

export interface Figure {
  readonly name: string
  measure(place: Place): Promise<readonly Row[]>
}

/** p between 0 and 1, by the nearest rank. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`
}

/** At least one. */
export function scaled(count: number, size: number): number {
  return Math.max(1, Math.round(count * size))
}

/** p50 and p99 of some times, of which the second is judged. */
export function quantiles(figure: string, timesMs: readonly number[], targetMs: number): Row {
  const [p50, p99] = [percentile(timesMs, 0.5), percentile(timesMs, 0.99)]
  return {
    figure: `${figure} (${timesMs.length})`,
    value: `p50 ${seconds(p50)} · p99 ${seconds(p99)}`,
    target: `p99 ≤ ${targetMs / 1_000} s`,
    isMet: p99 <= targetMs,
  }
}
