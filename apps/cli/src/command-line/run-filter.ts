import type { RunFilter, RunStatus } from '@agentloom/engine'
import { Option, type Command } from 'commander'
import { printable } from '../terminal/printable.ts'
import { invalid, wholeNumber } from './numbers.ts'
import { once, textOption } from './options.ts'

/** Written down again: `--help` must not load the engine. */
const STATUSES = [
  'queued',
  'running',
  'paused',
  'parked',
  'success',
  'failed',
  'timeout',
  'budget_exceeded',
  'cancelled',
] as const satisfies readonly RunStatus[]

const LIMIT_MAX = 10_000

/** Which runs a command is about. */
export interface FilterOptions {
  readonly status?: readonly RunStatus[]
  readonly workflow?: string
  /** Milliseconds since 1970. */
  readonly since?: number
  readonly limit?: number
}

export function withFilterOptions(command: Command, limitDefault: number): Command {
  return command
    .addOption(
      new Option('--status <statuses>', `only these, with commas: ${STATUSES.join(', ')}`).argParser(
        once('--status', statusesIn),
      ),
    )
    .addOption(textOption('--workflow <name>', 'only those of this workflow'))
    .addOption(
      new Option('--since <time>', 'only those started since: 30m, 12h, 7d, or 2026-11-30T08:00Z').argParser(
        once('--since', (text) => sinceIn(text, Date.now())),
      ),
    )
    .addOption(
      new Option('--limit <count>', `how many at most, the newest (default: ${limitDefault})`).argParser(
        once('--limit', (text) => wholeNumber(text, '--limit', { min: 1, max: LIMIT_MAX })),
      ),
    )
}

export function filterOf({ status, workflow, since, limit }: FilterOptions, limitDefault: number): RunFilter {
  return {
    limit: limit ?? limitDefault,
    ...(status !== undefined && { statuses: status }),
    ...(workflow !== undefined && { workflow }),
    ...(since !== undefined && { sinceMs: since }),
  }
}

export function statusesIn(text: string): readonly RunStatus[] {
  return text.split(',').map((name) => {
    const known = STATUSES.find((status) => status === name.trim())
    if (known === undefined) throw invalid('--status', `'${printable(name)}' is none of ${STATUSES.join(', ')}.`)
    return known
  })
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** A duration back from now, or a time; one without a zone is UTC, like every time that is printed. */
export function sinceIn(text: string, nowMs: number, option = '--since'): number {
  const duration = /^(\d{1,9})([smhdw])$/.exec(text)
  const unit = duration?.[2]
  if (unit === 's' || unit === 'm' || unit === 'h' || unit === 'd' || unit === 'w')
    return nowMs - Number(duration?.[1]) * UNIT_MS[unit]
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes('T') ? text : `${text}Z`
  const atMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(zoned) : Number.NaN
  if (Number.isNaN(atMs))
    throw invalid(
      option,
      `'${printable(text)}' is neither a duration such as 12h nor a time such as 2026-11-30T08:00Z.`,
    )
  return atMs
}
