import { addFaults, noFaults, type FaultCounts } from './faults.ts'
import { World, type Log } from './world.ts'

/** A seed that broke an invariant. */
export interface Failure {
  readonly seed: number
  readonly invariant: string
  readonly message: string
}

export interface Summary {
  readonly seeds: number
  readonly events: number
  /** Of one range: the same for the same worlds. */
  readonly trace: string
  readonly counts: FaultCounts
  readonly failures: readonly Failure[]
}

export interface SeedRange {
  readonly from: number
  readonly seeds: number
  /** The first failure is enough. */
  readonly isUntilFailure: boolean
}

export const NOTHING: Summary = { seeds: 0, events: 0, trace: '', counts: noFaults(), failures: [] }

/** Runs one seed after the other. Must not be called out of a promise reaction. */
export function runSeeds({ from, seeds, isUntilFailure }: SeedRange, log: Log | null = null): Summary {
  let [count, events, trace] = [0, 0, 0]
  const counts = noFaults()
  const failures: Failure[] = []
  for (let seed = from; seed < from + seeds; seed += 1) {
    const outcome = new World(seed, log).run()
    count += 1
    events += outcome.events
    trace = (trace * 31 + outcome.trace) >>> 0
    addFaults(counts, outcome.counts)
    const { violation } = outcome
    if (violation === null) continue
    failures.push({ seed, invariant: violation.invariant, message: violation.message })
    if (isUntilFailure) break
  }
  return { seeds: count, events, trace: trace.toString(16), counts, failures }
}

export function added(a: Summary, b: Summary): Summary {
  const counts = noFaults()
  addFaults(counts, a.counts)
  addFaults(counts, b.counts)
  return {
    seeds: a.seeds + b.seeds,
    events: a.events + b.events,
    trace: a.trace + b.trace,
    counts,
    failures: [...a.failures, ...b.failures],
  }
}
