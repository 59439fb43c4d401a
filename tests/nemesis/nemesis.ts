import { setTimeout as sleep } from 'node:timers/promises'
import { FAULTS } from './faults/index.ts'
import { pidOf } from './faults/processes.ts'
import { runLanes, type Tally } from './lanes.ts'
import { type Report, reportOf } from './verdict/report.ts'
import { classify } from './verdict/classify.ts'
import { leaks } from './verdict/leaks.ts'
import { monotonicMs } from './witness.ts'
import { openWorld, type World } from './world.ts'

export interface NemesisOptions {
  readonly seed: number
  /** Faults go on for so long, and those of a lane longer until each of them took effect; then come the settling and the verdict. */
  readonly minutes: number
  /** Each fault is to take effect so often; a report with fewer is invalid. */
  readonly effects: number
  /** Kinds of faults; empty: all. */
  readonly only: readonly string[]
  readonly folder: string
  readonly tell: (line: string) => void
}

/** Work without faults first, so that there is something to break. */
const WARM_UP_MS = 2_000
const SETTLE_MS_MAX = 90_000
const POLL_MS = 200
const TELL_MS = 30_000
const SMALL_MINUTES = 2
/** A short run leaves less time between faults. */
const SMALL_PACE = 0.3
/** So many times longer than asked for, at most, goes a lane whose faults have not all taken effect often enough. */
const EXTENSION = 6

export async function nemesis(options: NemesisOptions): Promise<Report> {
  const { seed, minutes, folder, tell } = options
  const isSmall = minutes < SMALL_MINUTES
  await using world = await openWorld({ folder, seed, workerCount: isSmall ? 3 : 4, liveMax: isSmall ? 30 : 50 })
  const from = monotonicMs()
  const tallies = talliesOf(options.only)
  let isSettled = false
  const background = Promise.all([world.load.run(() => isSettled), watch(world, () => isSettled)])
  const hasRun = await world.witness.until((line) => 'did' in line, 30_000)
  if (!hasRun) throw new Error(`no worker began a step: see ${folder}/workers.log`)
  await sleep(WARM_UP_MS)
  const faultsFrom = monotonicMs()
  const isOver = (ofLane: readonly Tally[]): boolean => {
    const minutesGone = (monotonicMs() - faultsFrom) / 60_000
    const isShown = ofLane.every(({ tookEffect }) => tookEffect >= options.effects)
    return minutesGone >= (isShown ? minutes : minutes * EXTENSION)
  }
  const telling = setInterval(() => tell(progressOf(world, tallies)), TELL_MS)
  await runLanes(world, { tallies, isOver, pace: isSmall ? SMALL_PACE : 1 })
  const faultMinutes = (monotonicMs() - faultsFrom) / 60_000
  clearInterval(telling)
  world.load.isStarting = false
  tell('faults have ended, the runs may end now')
  await settle(world)
  isSettled = true
  await background
  await world.witness.read()
  const fates = await classify(world)
  if (fates.stuck.length === 0) world.load.problems.push(...(await leaks(world)))
  return reportOf({
    seed,
    effects: options.effects,
    minutes: faultMinutes,
    seconds: (monotonicMs() - from) / 1_000,
    tallies,
    world,
    fates,
  })
}

function talliesOf(only: readonly string[]): readonly Tally[] {
  const unknown = only.filter((kind) => !FAULTS.some((fault) => fault.kind === kind))
  if (unknown.length > 0)
    throw new Error(`no fault is called ${unknown.join(', ')}; there are ${FAULTS.map(({ kind }) => kind).join(', ')}`)
  const chosen = FAULTS.filter(({ kind }) => only.length === 0 || only.includes(kind))
  return chosen.map((fault) => ({ fault, injected: 0, tookEffect: 0, misfired: null }))
}

/** Takes in what the workers say, and starts again who ended by itself. */
async function watch(world: World, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await world.witness.read()
    for (const worker of world.workers.dead) {
      // One that finds no Redis at its start goes at once, as it says; whoever runs it starts it again.
      if (world.witness.hasWorked(pidOf(worker))) world.endedByThemselves.push(worker.name)
      world.workers.restart(worker)
    }
    await sleep(POLL_MS)
  }
}

/** Until every run has ended, or none did for as long as anything may take. */
async function settle({ load }: World): Promise<void> {
  let left = load.live.size
  let changedAt = monotonicMs()
  const present = (): number => [...load.live.values()].filter(({ isGone }) => !isGone).length
  while (present() > 0 && monotonicMs() - changedAt < SETTLE_MS_MAX) {
    await sleep(POLL_MS)
    if (load.live.size === left) continue
    left = load.live.size
    changedAt = monotonicMs()
  }
}

function progressOf({ load, witness }: World, tallies: readonly Tally[]): string {
  const effects = tallies
    .map(({ fault, tookEffect, injected }) => `${fault.kind} ${tookEffect}/${injected}`)
    .join(' · ')
  return `${load.accepted} runs, ${load.live.size} live, ${witness.executions} executions, ${witness.again.length} again, ${load.problems.length} problems\n  ${effects}`
}
