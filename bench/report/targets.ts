import { figureOf, type Figure } from '../measure/figures.ts'
import type { Measured } from '../measure/measure-all.ts'
import type { ChainSample, LanguageSample } from '../measure/sample.ts'

export interface Target {
  readonly name: string
  readonly bound: 'at least' | 'at most'
  readonly limit: number
  readonly unit: string
  /** Median over the repeats, each compared with its own neighbours; null: not measured. */
  readonly found: Figure | null
  readonly isMet: boolean
}

type Of = (sample: ChainSample) => number

const rate: Of = ({ atOnce }) => atOnce.stepsPerSecond
const alone: Of = ({ lone }) => lone.msPerRun
const cpu: Of = ({ atOnce }) => atOnce.cpuPerStep.clientUs + atOnce.cpuPerStep.redisUs
const growth: Of = ({ long: [short, long] }) => (long?.msPerStep ?? Number.NaN) / (short?.msPerStep ?? Number.NaN)

/** What this product promises of itself on one CPU. */
export function judge(measured: Measured): Target[] {
  const { chains, lookUps } = measured
  const samples = (key: string): readonly ChainSample[] => chains.get(key) ?? []
  const of = (key: string, what: Of): number[] => samples(key).map(what)
  const ratio = (key: string, other: string, what: Of): number[] =>
    samples(key).flatMap((sample, repeat) => {
      const beside = samples(other)[repeat]
      return beside === undefined ? [] : [what(sample) / what(beside)]
    })
  const rates = lookUps.map((sample) => sample.map(({ perSecond }) => perSecond))
  const slowest = rates.map((of) => Math.min(...of))
  const flatness = rates.map((of) => Math.min(...of) / Math.max(...of))
  return [
    target(
      'on BullMQ, 500 runs at once: steps/s',
      'at least',
      2,
      '× R',
      ratio('agentloom-bullmq', 'job-per-step', rate),
    ),
    target(
      'on BullMQ, 500 runs at once: steps/s',
      'at least',
      3.5,
      '× F',
      ratio('agentloom-bullmq', 'flow-producer', rate),
    ),
    target(
      'on BullMQ, a lone run of 10: time',
      'at most',
      0.6,
      '× R',
      ratio('agentloom-bullmq', 'job-per-step', alone),
    ),
    target('on BullMQ, 500 runs at once: CPU a step', 'at most', 45, 'µs', of('agentloom-bullmq', cpu)),
    target('on BullMQ, ms a step: 5,000 steps to 1,000', 'at most', 1.2, '×', of('agentloom-bullmq', growth)),
    target('embedded, 500 runs at once: fsynced steps/s', 'at least', 50_000, '/s', of('agentloom-embedded', rate)),
    target('embedded, ms a step: 5,000 steps to 1,000', 'at most', 1.2, '×', of('agentloom-embedded', growth)),
    target('candidate look-ups, slowest of 1 to 50 providers', 'at least', 3_000_000, '/s', slowest),
    // Flat: what is left of the fastest where it is slowest. The machine alone moves it by a tenth.
    target('candidate look-ups, slowest to fastest', 'at least', 0.8, '×', flatness),
  ]
}

/** What it promises of its language, on any CPU. */
export function judgeLanguage(samples: readonly LanguageSample[]): Target[] {
  const of = (what: (sample: LanguageSample) => number): number[] => samples.map(what)
  const growth = of(({ foreachUsPerItem: { short, long } }) => long / short)
  return [
    target(
      '1,000 steps, from what YAML gave to the plan',
      'at most',
      60,
      'ms',
      of(({ planMs }) => planMs),
    ),
    target(
      '1,000 steps, from text to the plan, the first of a process',
      'at most',
      250,
      'ms',
      of(({ coldMs }) => coldMs),
    ),
    target(
      'a plan that is kept',
      'at most',
      0.1,
      'ms',
      of(({ cachedMs }) => cachedMs),
    ),
    target(
      'a prompt with 3 fields',
      'at least',
      1_000_000,
      '/s',
      of(({ rendersPerSecond }) => rendersPerSecond),
    ),
    target(
      'a condition of a router',
      'at least',
      300_000,
      '/s',
      of(({ conditionsPerSecond }) => conditionsPerSecond),
    ),
    target('foreach, an item of 10,000 to one of 100', 'at most', 1.3, '×', growth),
  ]
}

function target(name: string, bound: Target['bound'], limit: number, unit: string, values: readonly number[]): Target {
  const found = values.length === 0 ? null : figureOf(values)
  const isMet = found !== null && (bound === 'at least' ? found.median >= limit : found.median <= limit)
  return { name, bound, limit, unit, found, isMet }
}
