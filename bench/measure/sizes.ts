/** How much is measured. Times are minimums: a load goes on until it has filled them. */
export interface Sizes {
  readonly repeats: number
  /** Steps of the chain that is run alone and 500 at once. */
  readonly chain: number
  readonly runsAtOnce: number
  readonly warmUpMs: number
  readonly loneMs: number
  readonly atOnceMs: number
  /** Steps of the two long chains, and how often each is run. */
  readonly long: readonly [number, number]
  readonly longRuns: number
  readonly lookUpMs: number
}

/** Three repeats of five rows fit in four minutes, and each phase is long enough for V8 to have compiled what is hot. */
export const FULL: Sizes = {
  repeats: 3,
  chain: 10,
  runsAtOnce: 500,
  warmUpMs: 1_200,
  loneMs: 1_000,
  atOnceMs: 1_200,
  long: [1_000, 5_000],
  longRuns: 2,
  lookUpMs: 300,
}

export const QUICK: Sizes = {
  ...FULL,
  repeats: 1,
  warmUpMs: 300,
  loneMs: 200,
  atOnceMs: 300,
  longRuns: 1,
  lookUpMs: 100,
}
