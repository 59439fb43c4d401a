import type { Load } from '../loads/load.ts'
import type { CpuMeter, CpuTime } from './cpu-time.ts'
import { median } from './figures.ts'
import type { ChainSample } from './sample.ts'
import type { Sizes } from './sizes.ts'

/** Fewer say nothing, however slow the load is. */
const LONE_RUNS_MIN = 20
const ROUNDS_MIN = 3

interface OpenKind {
  readonly stepsMax?: number
  open(): Promise<Load>
}

/**
 * Warms up, then measures phase by phase. Each phase opens the load anew and closes it, so that what a load does later in the
 * background counts for nobody else; the process stays, and with it what V8 has compiled.
 */
export async function measureChain(kind: OpenKind, meter: CpuMeter, sizes: Sizes): Promise<ChainSample> {
  const { open, stepsMax = Number.POSITIVE_INFINITY } = kind
  const { chain, runsAtOnce } = sizes
  const alone = (load: Load): Promise<number> => timed(() => load.run(chain))
  const together = (load: Load): Promise<number> =>
    timed(() => Promise.all(Array.from({ length: runsAtOnce }, () => load.run(chain))))

  await phase(open, (load) => collect(() => together(load), sizes.warmUpMs / 2, 1))
  await phase(open, (load) => collect(() => alone(load), sizes.warmUpMs / 2, 1))

  const lone = await phase(open, async (load) => {
    await alone(load)
    const { times, spent } = await metered(meter, () => collect(() => alone(load), sizes.loneMs, LONE_RUNS_MIN))
    return { msPerRun: median(times), ...costOf(spent, times.length * chain), runs: times.length }
  })
  const atOnce = await phase(open, async (load) => {
    await together(load)
    const { times, spent } = await metered(meter, () => collect(() => together(load), sizes.atOnceMs, ROUNDS_MIN))
    const stepsPerSecond = (runsAtOnce * chain * 1_000) / median(times)
    return { stepsPerSecond, ...costOf(spent, times.length * runsAtOnce * chain), rounds: times.length }
  })
  return { lone, atOnce, long: await phase(open, (load) => measureLong(load, sizes, stepsMax)) }
}

/** Short and long take turns, so that a slow moment of the machine does not fall on one of them alone. */
async function measureLong(load: Load, { long, longRuns }: Sizes, stepsMax: number): Promise<ChainSample['long']> {
  const measured = long.map((steps) => ({ steps, ms: [] as number[] }))
  // The first run of a length compiles its plan, once a process.
  for (const { steps } of measured) if (steps <= stepsMax) await load.run(steps)
  for (let turn = 0; turn < longRuns; turn += 1) {
    for (const { steps, ms } of measured) if (steps <= stepsMax) ms.push(await timed(() => load.run(steps)))
  }
  return measured.map(({ steps, ms }) => ({ steps, msPerStep: ms.length === 0 ? null : median(ms) / steps }))
}

async function phase<Result>(open: () => Promise<Load>, measure: (load: Load) => Promise<Result>): Promise<Result> {
  const load = await open()
  const result = await measure(load)
  await load.close()
  return result
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await work()
  return performance.now() - from
}

async function collect(measure: () => Promise<number>, minMs: number, minCount: number): Promise<number[]> {
  const times: number[] = []
  const until = performance.now() + minMs
  while (times.length < minCount || performance.now() < until) times.push(await measure())
  return times
}

interface Spent extends CpuTime {
  readonly elapsedUs: number
}

async function metered(
  meter: CpuMeter,
  measure: () => Promise<number[]>,
): Promise<{ readonly times: readonly number[]; readonly spent: Spent }> {
  const [before, fromMs] = [await meter.read(), performance.now()]
  const times = await measure()
  const elapsedUs = (performance.now() - fromMs) * 1_000
  const after = await meter.read()
  const clientUs = after.clientUs - before.clientUs
  return { times, spent: { clientUs, redisUs: after.redisUs - before.redisUs, elapsedUs } }
}

function costOf(
  { clientUs, redisUs, elapsedUs }: Spent,
  steps: number,
): { readonly cpuPerStep: CpuTime; readonly cpuShare: number } {
  return {
    cpuPerStep: { clientUs: clientUs / steps, redisUs: redisUs / steps },
    cpuShare: (clientUs + redisUs) / elapsedUs,
  }
}
