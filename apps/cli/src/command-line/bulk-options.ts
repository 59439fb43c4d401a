import { Option, type Command } from 'commander'
import { invalid, plainDecimal } from './numbers.ts'
import { once } from './options.ts'
import { UsageError } from './usage-error.ts'
import { withFilterOptions, type FilterOptions } from './run-filter.ts'

/** As many runs as one call of a bulk verb touches when nothing else is said. */
export const BULK_LIMIT = 10_000
/** A second: workers, providers and people see it coming. */
const RATE = 10
const RATE_MAX = 10_000

export interface BulkOptions extends FilterOptions {
  readonly dryRun?: true
  /** Runs a second. */
  readonly rate?: number
}

/** Options that pick many runs in place of a run's id. */
export function withBulkOptions(command: Command): Command {
  return withFilterOptions(command, BULK_LIMIT)
    .addOption(
      new Option('--rate <count>', `runs a second, where many are picked (default: ${RATE})`).argParser(
        once('--rate', rateIn),
      ),
    )
    .addOption(new Option('--dry-run', 'say which runs are picked, and change nothing'))
}

/**
 * Whether runs are picked by what they are, and not named.
 * @throws {UsageError} both, or neither
 */
export function isPicking(runId: string | undefined, options: BulkOptions): runId is undefined {
  const { status, workflow, since } = options
  if (runId === undefined) {
    if (status !== undefined || workflow !== undefined || since !== undefined) return true
    throw new UsageError("Missing argument 'RUN_ID', or --status, --workflow or --since to pick runs.")
  }
  refusePicking(options)
  return false
}

/** For a run that is named. @throws {UsageError} */
export function refusePicking({ status, workflow, since, limit, rate, dryRun }: BulkOptions): void {
  if ([status, workflow, since, limit, rate, dryRun].some((option) => option !== undefined))
    throw new UsageError('Options that pick runs go without RUN_ID.')
}

export function rateOf({ rate = RATE }: BulkOptions): number {
  return rate
}

function rateIn(text: string): number {
  const rate = plainDecimal(text, '--rate')
  if (rate === 0 || rate > RATE_MAX) throw invalid('--rate', `'${text}' is not above 0 and at most ${RATE_MAX}.`)
  return rate
}
