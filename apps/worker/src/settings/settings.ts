// How programs read their settings: flags by name, variables of the environment, each checked once, each error naming its place.

import { isStartDurability, type StartDurability } from '@agentloom/bullmq'
import { parsePatterns } from '@agentloom/workflow'
import { z } from 'zod'
import { SettingError } from './errors.ts'

/** What a process was started with; `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Characters of a wrong value that an error repeats. */
const SHOWN_MAX = 40
/** As `@agentloom/bullmq` has it: each costs every worker a connection. */
const SHARDS_MAX = 128
const BACKLOG_MAX = 1_000_000_000

/** A whole number, given as one or as plain digits. */
export function wholeNumber({ min, max }: { readonly min: number; readonly max: number }) {
  const digits = z
    .string()
    .regex(/^\d{1,10}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
  const inRange = z
    .int(`must be a whole number from ${min} to ${max}`)
    .min(min, `must be ${min} or more`)
    .max(max, `must be ${max} or less`)
  return z.union([z.number(), digits], `must be a whole number from ${min} to ${max}`).pipe(inRange)
}

/** Seconds, given as a number or as plain decimals. */
export function seconds({ max }: { readonly max: number }) {
  const decimals = z
    .string()
    .regex(/^\d{1,9}(\.\d{1,3})?$/, 'must be a number of seconds')
    .transform(Number)
  return z
    .union([z.number(), decimals], 'must be a number of seconds')
    .pipe(z.number().min(0, 'must be 0 or more').max(max, `must be ${max} or less`))
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A duration such as `30m`, `12h` or `7d`, in milliseconds. */
export function duration() {
  return z
    .string()
    .regex(/^\d{1,6}[smhd]$/, 'must be a duration such as 30m, 12h or 7d')
    .transform((text) => Number(text.slice(0, -1)) * (UNIT_MS[text.slice(-1)] ?? 0))
}

/** Flags as a caller gives them; those that are undefined count as left out. @throws {SettingError} `config/option` */
export function parseFlags<Schema extends z.ZodType>(schema: Schema, flags: object): z.output<Schema> {
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const { place, problem } = firstProblem(
    parsed.error,
    (name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  )
  throw new SettingError('config/option', `${place}: ${problem}`, { place })
}

/** Variables by name, own names only; an empty one counts as not set. @throws {SettingError} `config/environment` */
export function parseEnvironment<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Environment,
): z.output<z.ZodObject<Shape>> {
  const set: Record<string, string> = {}
  for (const name of Object.keys(schema.shape)) {
    const value = Object.hasOwn(environment, name) ? environment[name]?.trim() : undefined
    if (value !== undefined && value !== '') set[name] = value
  }
  const parsed = schema.safeParse(set)
  if (parsed.success) return parsed.data
  const { place, problem } = firstProblem(parsed.error, (name) => name)
  const found = /KEY|URL|PASSWORD|SECRET/.test(place) ? '' : `, not '${(set[place] ?? '').slice(0, SHOWN_MAX)}'`
  throw new SettingError('config/environment', `${place}: ${problem}${found}`, { place })
}

function firstProblem(error: z.ZodError, nameOf: (field: string) => string): { place: string; problem: string } {
  const [issue] = error.issues
  if (issue?.code === 'unrecognized_keys')
    return { place: nameOf(issue.keys[0] ?? ''), problem: 'there is no such setting' }
  return { place: nameOf(String(issue?.path[0] ?? '')), problem: issue?.message ?? 'cannot be read' }
}

/** Variables that say where the journal is, and how it is laid out. */
export const journalVariables = {
  AGENTLOOM_REDIS_URL: z.string().optional().describe('Redis with the journal. Default: REDIS_URL.'),
  REDIS_URL: z.string().optional().describe('Redis with the journal, where AGENTLOOM_REDIS_URL is not set.'),
  AGENTLOOM_SHARDS: wholeNumber({ min: 1, max: SHARDS_MAX })
    .optional()
    .describe('Number of shards, fixed when the first worker or run starts. Default: as fixed, else 1.'),
  AGENTLOOM_BACKLOG: wholeNumber({ min: 1, max: BACKLOG_MAX })
    .optional()
    .describe('Runs that may wait to be begun; above it starting one is refused. Default 1,000,000.'),
  AGENTLOOM_MEMORY_MARK: wholeNumber({ min: 10, max: 100 })
    .optional()
    .describe('Percent of maxmemory from which on Redis takes no new runs. Default 90.'),
  AGENTLOOM_DURABILITY: z
    .string()
    .refine(isStartDurability, 'must be redis, aof or replicas(N)')
    .optional()
    .describe('When a started run counts as accepted: `redis` (default), `aof` or `replicas(N)` have it.'),
  AGENTLOOM_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}$/, 'must be 1 to 32 of A-Z, a-z, 0-9, _ and -')
    .default('al')
    .describe('First part of every key in Redis; workers, servers and producers that share runs share it.'),
  AGENTLOOM_BLOBS: z
    .string()
    .default('redis')
    .describe(
      'Where values above 32 KiB lie: `redis`, a folder that all share as `file:/path`, or `s3://BUCKET/PREFIX?region=…&endpoint=…` with the usual AWS variables. The same for all.',
    ),
  AGENTLOOM_RETENTION: duration()
    .optional()
    .describe('How long ended runs stay in Redis: 30m, 12h, 7d. Default 7d; then the checkpoint has them.'),
}

/** The variables about START, as `createClient` and `startWorkerRuntime` take them. */
export function startPolicyOf(variables: {
  readonly AGENTLOOM_BACKLOG?: number | undefined
  readonly AGENTLOOM_MEMORY_MARK?: number | undefined
  readonly AGENTLOOM_DURABILITY?: StartDurability | undefined
}): StartPolicySettings {
  const { AGENTLOOM_BACKLOG: backlogMax, AGENTLOOM_MEMORY_MARK: percent, AGENTLOOM_DURABILITY: durability } = variables
  return { backlogMax, memoryMark: percent === undefined ? undefined : percent / 100, durability }
}

export interface StartPolicySettings {
  readonly backlogMax: number | undefined
  /** Share of maxmemory. */
  readonly memoryMark: number | undefined
  readonly durability: StartDurability | undefined
}

/** What no program shows. */
export const redactionVariables = {
  AGENTLOOM_REDACT_STATE_KEYS: z
    .string()
    .transform(parsePatterns)
    .optional()
    .describe(
      'Keys and globs, with commas, whose values are not shown, beside those of each workflow. Set it for all.',
    ),
}

/** Variables that say how a program logs. */
export const logVariables = {
  AGENTLOOM_LOG_LEVEL: z
    .string()
    .transform((text) => text.toLowerCase())
    .pipe(z.enum(['debug', 'info', 'warning', 'error', 'critical'], 'must be debug, info, warning, error or critical'))
    .default('info')
    .describe('Least level that is logged.'),
  AGENTLOOM_LOG_FORMAT: z
    .enum(['json', 'text'], 'must be json or text')
    .default('json')
    .describe('One JSON object a line, or text for people.'),
}

/** The Redis of a program: its flag, then AGENTLOOM_REDIS_URL, then REDIS_URL. @throws {SettingError} `config/no-redis` */
export function redisOf(
  flag: string | undefined,
  variables: { readonly AGENTLOOM_REDIS_URL?: string | undefined; readonly REDIS_URL?: string | undefined },
): string {
  const url = flag ?? variables.AGENTLOOM_REDIS_URL ?? variables.REDIS_URL
  if (url !== undefined) return url
  throw new SettingError('config/no-redis', 'no Redis is named', {
    place: '--redis',
    help: 'give --redis redis://host:6379, or set AGENTLOOM_REDIS_URL',
  })
}
