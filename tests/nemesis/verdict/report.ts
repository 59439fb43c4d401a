import type { Tally } from '../lanes.ts'
import type { World } from '../world.ts'
import type { Fates } from './classify.ts'

export interface FaultCount {
  readonly kind: string
  readonly effect: string
  readonly injected: number
  readonly tookEffect: number
  readonly perMinute: number
  readonly misfired: string | null
}

export interface Report {
  /** `invalid`: a fault took effect too seldom, so that nothing is shown. */
  readonly verdict: 'green' | 'violated' | 'invalid'
  readonly seed: number
  /** With faults. */
  readonly minutes: number
  /** With the settling. */
  readonly seconds: number
  readonly faults: readonly FaultCount[]
  readonly runs: {
    readonly accepted: number
    readonly endedWell: number
    readonly taken: number
    readonly endedUnseen: number
    /** Let go on by a human, after three of their workers had been killed. */
    readonly unquarantined: number
  }
  readonly executions: number
  readonly commits: number
  /** Each a violation. */
  readonly executedAgain: readonly string[]
  readonly lost: readonly string[]
  readonly stuck: readonly string[]
  readonly problems: readonly string[]
  /** Workers that ended though nobody had ended them. */
  readonly endedByThemselves: readonly string[]
  /** What the nemesis met while looking, by message. */
  readonly trouble: Readonly<Record<string, number>>
}

export interface Findings {
  readonly seed: number
  readonly effects: number
  readonly minutes: number
  readonly seconds: number
  readonly tallies: readonly Tally[]
  readonly world: World
  readonly fates: Fates
}

export function reportOf({ seed, effects, minutes, seconds, tallies, world, fates }: Findings): Report {
  const { load, witness, endedByThemselves } = world
  const faults = tallies.map(({ fault, injected, tookEffect, misfired }) => ({
    kind: fault.kind,
    effect: fault.effect,
    injected,
    tookEffect,
    perMinute: Math.round((tookEffect / minutes) * 10) / 10,
    misfired,
  }))
  const violations = [witness.again, fates.lost, fates.stuck, load.problems, endedByThemselves]
  const isInvalid = faults.some(({ tookEffect }) => tookEffect < effects)
  return {
    verdict: violations.some((list) => list.length > 0) ? 'violated' : isInvalid ? 'invalid' : 'green',
    seed,
    minutes,
    seconds,
    faults,
    runs: {
      accepted: load.accepted,
      endedWell: load.endedAs.size,
      taken: fates.taken.length,
      endedUnseen: fates.endedUnseen.length,
      unquarantined: load.unquarantined,
    },
    executions: witness.executions,
    commits: witness.commits,
    executedAgain: witness.again,
    lost: fates.lost,
    stuck: fates.stuck,
    problems: load.problems,
    endedByThemselves,
    trouble: Object.fromEntries(load.trouble),
  }
}
