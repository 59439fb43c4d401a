import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault, Lane } from './faults/fault.ts'
import { between } from './random.ts'
import type { World } from './world.ts'

export interface Tally {
  readonly fault: Fault
  injected: number
  tookEffect: number
  /** What went wrong in the injecting itself, last. */
  misfired: string | null
}

/** Time between two faults of a lane. */
const GAP_MS: Readonly<Record<Lane, { readonly min: number; readonly max: number }>> = {
  process: { min: 300, max: 1_500 },
  network: { min: 200, max: 1_000 },
  store: { min: 1_500, max: 4_000 },
  queue: { min: 300, max: 1_500 },
  clock: { min: 500, max: 2_000 },
  disk: { min: 500, max: 2_000 },
}

export interface LanesOptions {
  readonly tallies: readonly Tally[]
  /** Of a lane. */
  readonly isOver: (tallies: readonly Tally[]) => boolean
  /** Factor on the time between two faults. */
  readonly pace: number
}

/** Lets every lane go on until its time is up; always with the fault that took effect least often so far. */
export async function runLanes(world: World, options: LanesOptions): Promise<void> {
  const lanes = Map.groupBy(options.tallies, ({ fault }) => fault.lane)
  await Promise.all([...lanes].map(([lane, tallies]) => runLane(world, lane, { ...options, tallies })))
}

async function runLane(world: World, lane: Lane, { tallies, isOver, pace }: LanesOptions): Promise<void> {
  const { random } = world
  const { min, max } = GAP_MS[lane]
  while (!isOver(tallies)) {
    await sleep(pace * between(random, min, max))
    const [tally] = tallies.toSorted((a, b) => a.tookEffect - b.tookEffect || a.injected - b.injected)
    if (tally !== undefined) await injectOne(world, tally)
  }
}

const TAKES_COPIES: ReadonlySet<Lane> = new Set(['process', 'disk'])

function inTurn(world: World, fault: Fault): Promise<boolean> {
  return TAKES_COPIES.has(fault.lane) ? world.copies.share(() => fault.inject(world)) : fault.inject(world)
}

async function injectOne(world: World, tally: Tally): Promise<void> {
  tally.injected += 1
  try {
    if (await inTurn(world, tally.fault)) tally.tookEffect += 1
  } catch (error) {
    tally.misfired = error instanceof Error ? error.message : String(error)
  }
}
