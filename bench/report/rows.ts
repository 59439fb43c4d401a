import type { LoadKind } from '../loads/load.ts'
import { figureOf, type Figure } from '../measure/figures.ts'
import type { ChainSample, LanguageSample, LookUpSample } from '../measure/sample.ts'

/** Medians over the repeats, with their ends. */
export interface Row {
  readonly key: string
  readonly title: string
  /** Who keeps the steps, and when they are on the disk. */
  readonly durability: string
  readonly loneMsPerRun: Figure
  readonly loneCpuUsPerStep: CpuFigures
  readonly stepsPerSecond: Figure
  readonly atOnceCpuUsPerStep: CpuFigures
  readonly long: readonly { readonly steps: number; readonly msPerStep: Figure | null }[]
}

export interface CpuFigures {
  readonly client: Figure
  readonly redis: Figure
  readonly total: Figure
}

export interface LookUpRow {
  readonly providers: number
  readonly perSecond: Figure
}

export interface LanguageRow {
  readonly coldMs: Figure
  readonly coldPlanMs: Figure
  readonly planMs: Figure
  readonly cachedMs: Figure
  readonly rendersPerSecond: Figure
  readonly conditionsPerSecond: Figure
  readonly foreachUsPerItem: { readonly short: Figure; readonly long: Figure }
}

/** Null where it was not measured. */
export function languageRow(samples: readonly LanguageSample[]): LanguageRow | null {
  if (samples.length === 0) return null
  const figure = (of: (sample: LanguageSample) => number): Figure => figureOf(samples.map(of))
  return {
    coldMs: figure(({ coldMs }) => coldMs),
    coldPlanMs: figure(({ coldPlanMs }) => coldPlanMs),
    planMs: figure(({ planMs }) => planMs),
    cachedMs: figure(({ cachedMs }) => cachedMs),
    rendersPerSecond: figure(({ rendersPerSecond }) => rendersPerSecond),
    conditionsPerSecond: figure(({ conditionsPerSecond }) => conditionsPerSecond),
    foreachUsPerItem: {
      short: figure(({ foreachUsPerItem }) => foreachUsPerItem.short),
      long: figure(({ foreachUsPerItem }) => foreachUsPerItem.long),
    },
  }
}

export function rowOf({ key, title, store }: LoadKind, samples: readonly ChainSample[], fsync: string): Row {
  const figure = (of: (sample: ChainSample) => number): Figure => figureOf(samples.map(of))
  const cpu = (of: (sample: ChainSample) => Pick<ChainSample['lone'], 'cpuPerStep'>): CpuFigures => ({
    client: figure((sample) => of(sample).cpuPerStep.clientUs),
    redis: figure((sample) => of(sample).cpuPerStep.redisUs),
    total: figure((sample) => of(sample).cpuPerStep.clientUs + of(sample).cpuPerStep.redisUs),
  })
  return {
    key,
    title,
    durability: store === 'redis' ? `Redis AOF ${fsync}` : 'SQLite WAL, fsync before each commit counts',
    loneMsPerRun: figure(({ lone }) => lone.msPerRun),
    loneCpuUsPerStep: cpu(({ lone }) => lone),
    stepsPerSecond: figure(({ atOnce }) => atOnce.stepsPerSecond),
    atOnceCpuUsPerStep: cpu(({ atOnce }) => atOnce),
    long: (samples[0]?.long ?? []).map(({ steps }, index) => ({
      steps,
      msPerStep: figureOrNull(samples.flatMap(({ long }) => long[index]?.msPerStep ?? [])),
    })),
  }
}

function figureOrNull(values: readonly number[]): Figure | null {
  return values.length === 0 ? null : figureOf(values)
}

export function lookUpRows(samples: readonly LookUpSample[]): LookUpRow[] {
  return (samples[0] ?? []).map(({ providers }, index) => ({
    providers,
    perSecond: figureOf(samples.map((sample) => sample[index]?.perSecond ?? Number.NaN)),
  }))
}
