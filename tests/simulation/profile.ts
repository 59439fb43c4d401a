import type { Dice } from './dice.ts'

/** How a seed's world behaves: each kind of fault is there in some worlds only, so that others can be seen for themselves. */
export interface Profile {
  readonly latencyMs: number
  readonly workMs: number
  readonly workers: number
  readonly places: number
  readonly stepsMax: number
  /** When faults stop, and whoever wants something of a run gives it. */
  readonly calmAfterMs: number
  /** Probabilities, of a message unless it says otherwise. */
  readonly requestLost: number
  readonly requestRefused: number
  readonly replyLost: number
  readonly replyRefused: number
  readonly commandDoubled: number
  readonly slowMessage: number
  readonly crashInRequest: number
  readonly bellLost: number
  readonly bellDoubled: number
  readonly bellLate: number
  /** Of a worker, that it lacks a function. */
  readonly noHandler: number
  /** How many in the time before the calm. */
  readonly crashes: number
  readonly pauses: number
  readonly clockJumps: number
  readonly drains: number
  readonly verbs: number
  /** Times that the store loses data. */
  readonly losses: number
  /** Workers write results to their own disks, too. */
  readonly hasSpools: boolean
  readonly spoolOrder: 'parallel' | 'before'
  /** Of a write to a disk. */
  readonly diskFull: number
}

export function profileOf(dice: Dice): Profile {
  const rate = (most: number): number => (dice.chance(0.35) ? dice.next() * most : 0)
  const some = (most: number): number => (dice.chance(0.4) ? dice.between(1, most) : 0)
  const losses = dice.chance(0.2) ? dice.between(1, 2) : 0
  return {
    latencyMs: dice.pick([0.5, 2, 2, 10, 50]),
    workMs: dice.pick([1, 20, 500, 2_000]),
    workers: dice.between(1, 4),
    places: dice.between(1, 3),
    stepsMax: dice.pick([1, 2, 100]),
    calmAfterMs: dice.between(2_000, 40_000),
    requestLost: rate(0.1),
    requestRefused: rate(0.1),
    replyLost: rate(0.15),
    replyRefused: rate(0.1),
    commandDoubled: rate(0.15),
    slowMessage: rate(0.08),
    crashInRequest: rate(0.04),
    bellLost: rate(0.4),
    bellDoubled: rate(0.3),
    bellLate: rate(0.2),
    noHandler: rate(0.5),
    crashes: some(3),
    pauses: some(2),
    clockJumps: losses > 0 ? 0 : some(2), // what a spool holds is timed by the worker's clock
    drains: some(2),
    verbs: some(5),
    losses,
    hasSpools: losses > 0 || dice.chance(0.1),
    spoolOrder: dice.pick(['parallel', 'before']),
    diskFull: rate(0.1),
  }
}
