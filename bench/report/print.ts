import type { Machine } from '../machine/machine.ts'
import type { Figure } from '../measure/figures.ts'
import type { CpuFigures, LanguageRow, LookUpRow, Row } from './rows.ts'
import { columns } from './columns.ts'
import type { Target } from './targets.ts'

export interface Report {
  readonly mode: string
  readonly fsync: string
  readonly repeats: number
  readonly seconds: number
  readonly machine: Machine
  readonly rows: readonly Row[]
  readonly lookUps: readonly LookUpRow[]
  readonly language: LanguageRow | null
  /** Who had less than the whole CPU, and when: the verdicts on such figures mean nothing. */
  readonly disturbed: readonly string[]
  readonly targets: readonly Target[]
}

export function print({
  mode,
  fsync,
  repeats,
  seconds,
  machine,
  rows,
  lookUps,
  language,
  disturbed,
  targets,
}: Report): string {
  const steps = rows[0]?.long.map((chain) => `${whole(chain.steps)} steps`) ?? []
  const table = columns([
    [
      '',
      'ms a lone run of 10',
      'CPU µs/step',
      'steps/s, 500 runs at once',
      'CPU µs/step',
      ...steps.map((of) => `ms/step, ${of}`),
      'durable by',
    ],
    ...rows.map((row) => [
      row.title,
      spread(row.loneMsPerRun, decimal(2)),
      parts(row.loneCpuUsPerStep),
      spread(row.stepsPerSecond, whole),
      parts(row.atOnceCpuUsPerStep),
      ...row.long.map(({ msPerStep }) => (msPerStep === null ? '–' : spread(msPerStep, decimal(3)))),
      row.durability,
    ]),
  ])
  const lookUpTable = columns([
    ['candidate look-ups', ...lookUps.map(({ providers }) => `${providers} provider${providers === 1 ? '' : 's'}`)],
    ['million/s', ...lookUps.map(({ perSecond }) => spread(perSecond, (value) => decimal(1)(value / 1_000_000)))],
  ])
  return [
    `Chains of no-op function steps. ${mode}.`,
    `${machine.cpu} (${machine.cpuCount} CPUs), ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}, ${machine.fileSystem}; a 300-byte append with fdatasync takes ${decimal(2)(machine.appendMs)} ms.`,
    `Redis 'appendfsync ${fsync}'. Medians of ${repeats} interleaved repeats (least–most). CPU is client + Redis. A run's START and the wait for its result are included. ${whole(seconds)} s.`,
    ...(rows.length === 0 ? [] : ['', table]),
    ...(lookUps.length === 0 ? [] : ['', lookUpTable]),
    ...(language === null ? [] : ['', languageTable(language)]),
    ...(disturbed.length === 0
      ? []
      : [
          '',
          'DISTURBED: other programs were at work, so neither met nor missed can be told. Measure again.',
          ...disturbed,
        ]),
    ...(targets.length === 0 ? [] : ['', 'Targets', printTargets(targets)]),
    '',
  ].join('\n')
}

function languageTable({ foreachUsPerItem: { short, long }, ...row }: LanguageRow): string {
  const million = (value: number): string => decimal(2)(value / 1_000_000)
  return columns([
    [
      '1,000 steps, first text to plan',
      'thereof plan',
      'later plan',
      'kept plan',
      '3-field prompts',
      'conditions',
      'foreach of 100',
      'of 10,000',
    ],
    [
      `${spread(row.coldMs, decimal(0))} ms`,
      `${spread(row.coldPlanMs, decimal(0))} ms`,
      `${spread(row.planMs, decimal(1))} ms`,
      `${spread(row.cachedMs, decimal(5))} ms`,
      `${spread(row.rendersPerSecond, million)} million/s`,
      `${spread(row.conditionsPerSecond, million)} million/s`,
      `${spread(short, decimal(1))} µs an item`,
      `${spread(long, decimal(1))} µs an item`,
    ],
  ])
}

function printTargets(targets: readonly Target[]): string {
  return columns(
    targets.map(({ name, bound, limit, unit, found, isMet }) => {
      const digits = limit >= 1_000 ? whole : decimal(2)
      const measured = found === null ? 'not measured' : `${spread(found, digits)} ${unit}`
      return [isMet ? 'met' : 'MISSED', name, `${bound} ${limit >= 1_000 ? whole(limit) : limit} ${unit}`, measured]
    }),
  )
}

function parts({ client, redis, total }: CpuFigures): string {
  const { median } = total
  return redis.max === 0
    ? decimal(1)(median)
    : `${decimal(1)(median)} = ${decimal(1)(client.median)} + ${decimal(1)(redis.median)}`
}

function spread({ median, min, max }: Figure, format: (value: number) => string): string {
  return `${format(median)} (${format(min)}–${format(max)})`
}

function decimal(digits: number): (value: number) => string {
  return (value) => value.toFixed(digits)
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
