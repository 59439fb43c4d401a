import { FAULTS } from './faults.ts'
import type { Failure, Summary } from './seeds.ts'

/** Fewer seeds may well miss a kind of fault. */
const SEEDS_FOR_ALL_FAULTS = 2_000
const FAILURES_SHOWN = 10

/** Kinds of faults that never took effect, where there were seeds enough. */
export function missingFaults({ seeds, counts }: Summary): readonly string[] {
  return seeds < SEEDS_FOR_ALL_FAULTS ? [] : FAULTS.filter((fault) => counts[fault] === 0)
}

export function reportOf(summary: Summary, seconds: number): string {
  const { seeds, events, counts, failures } = summary
  const width = Math.max(...FAULTS.map((fault) => fault.length))
  const missing = missingFaults(summary)
  return [
    ...failures
      .toSorted((a, b) => a.seed - b.seed)
      .slice(0, FAILURES_SHOWN)
      .map(failureLine),
    ...(failures.length > FAILURES_SHOWN ? [`… and ${failures.length - FAILURES_SHOWN} more`] : []),
    'faults that took effect:',
    ...FAULTS.map((fault) => `  ${fault.padEnd(width)} ${String(counts[fault]).padStart(9)}`),
    ...missing.map((fault) => `no ${fault} took effect: this says nothing`),
    `${seeds} seeds, ${events} events, ${Math.round(seeds / seconds)} seeds/s, ${failures.length} violations`,
  ].join('\n')
}

function failureLine({ seed, invariant, message }: Failure): string {
  return `${invariant} ${message}\n  pnpm sim --from ${seed} --seeds 1 --verbose`
}
