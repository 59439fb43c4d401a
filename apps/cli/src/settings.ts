import { parsePatterns } from '@agentloom/workflow'
import { isStartDurability } from '@agentloom/bullmq/client'
import { z } from 'zod'
import { CliError } from './errors.ts'
import type { Environment } from './io/environment.ts'
import { printable } from './terminal/printable.ts'

/** Concurrent steps that a workflow file may ask for as well. */
const CONCURRENT_STEPS_MAX = 1_024
const CANDIDATE_CACHE_MAX = 1_000_000
const SHARDS_MAX = 128
const BACKLOG_MAX = 999_999_999
const SHOWN_CHARACTERS_MAX = 80

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const text = () => z.string()
const whole = (max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'give a whole number')
    .transform(Number)
    .pipe(z.int().min(1).max(max))
const money = () =>
  z
    .string()
    .regex(/^\d{1,12}(\.\d{1,9})?$/, 'give plain decimals such as 0.25')
    .transform(Number)
// Never coerced: to JavaScript the text "false" is true.
const flag = () =>
  z
    .enum(['true', 'false', '1', '0', 'yes', 'no', 'on', 'off'])
    .transform((word) => ['true', '1', 'yes', 'on'].includes(word))

/**
 * Every environment variable that the command line reads, with its meaning; `docs/settings.md` is made of it. Empty
 * counts as not set. What differs from call to call is an option instead.
 */
export const settingsTable = {
  AGENTLOOM_HOME: text()
    .default('.agentloom')
    .describe('Folder of the embedded journal and its checkpoints, relative to the working directory.'),
  AGENTLOOM_REDIS_URL: text()
    .optional()
    .describe('Redis whose runs are meant; `--redis` wins over it, and without any the command works embedded.'),
  REDIS_URL: text().optional().describe('The same, where AGENTLOOM_REDIS_URL is not set.'),
  AGENTLOOM_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}$/, 'use 1 to 32 of A–Z, a–z, 0–9, _ and -')
    .default('al')
    .describe('First part of every key in Redis; workers and clients that share runs share it.'),
  AGENTLOOM_SHARDS: whole(SHARDS_MAX)
    .optional()
    .describe('Number of shards, fixed when the first worker or run starts (default: as fixed, else 1).'),
  AGENTLOOM_BACKLOG: whole(BACKLOG_MAX)
    .optional()
    .describe('Runs that may wait to be begun; above it starting one is refused. Default 1,000,000.'),
  AGENTLOOM_MEMORY_MARK: z
    .string()
    .regex(/^\d{1,3}$/, 'give a whole number of percent')
    .transform(Number)
    .pipe(z.int().min(10).max(100))
    .optional()
    .describe('Percent of maxmemory from which on Redis takes no new runs. Default 90.'),
  AGENTLOOM_DURABILITY: text()
    .refine(isStartDurability, 'write redis, aof or replicas(N)')
    .optional()
    .describe('When a started run counts as accepted: `redis` (default), `aof` or `replicas(N)` have it.'),
  AGENTLOOM_BLOBS: text()
    .default('redis')
    .describe(
      'Where values above 32 KiB of runs in Redis lie: `redis`, a folder that all share as `file:/path`, or `s3://BUCKET/PREFIX?region=…&endpoint=…` with the usual AWS variables. The same for all.',
    ),
  AGENTLOOM_RETENTION: z
    .string()
    .regex(/^\d{1,6}[smhd]$/, 'give a duration such as 30m, 12h or 7d')
    .transform((given) => Number(given.slice(0, -1)) * (UNIT_MS[given.slice(-1)] ?? 0))
    .optional()
    .describe('How long ended runs stay in Redis: 30m, 12h, 7d. Default 7d; then the checkpoint has them.'),
  OPENAI_API_KEY: text().optional().describe('Key for OpenAI, or for whatever server OPENAI_BASE_URL names.'),
  OPENAI_BASE_URL: text()
    .optional()
    .describe("A server that speaks OpenAI's chat completions (default: the vendor's own)."),
  OLLAMA_BASE_URL: text().optional().describe('Where Ollama is looked for (default: http://localhost:11434).'),
  ANTHROPIC_API_KEY: text().optional().describe('Key for Anthropic; this version does not serve it yet and says so.'),
  GOOGLE_API_KEY: text().optional().describe('Key for Google; this version does not serve it yet and says so.'),
  AGENTLOOM_PRICING_FILE: text()
    .optional()
    .describe('JSON file with prices per 1,000 tokens, laid over the built-in ones.'),
  AGENTLOOM_CANDIDATE_CACHE_MAX: whole(CANDIDATE_CACHE_MAX)
    .default(CANDIDATE_CACHE_MAX / 1_000)
    .describe('Models whose providers are remembered.'),
  AGENTLOOM_COMPAT: z
    .enum(['agentloom'])
    .optional()
    .describe('`agentloom` reads workflow files as the Python engine does.'),
  AGENTLOOM_DEFAULT_PROVIDER: text().optional().describe('Provider of workflows that name none.'),
  AGENTLOOM_MAX_CONCURRENT_STEPS: whole(CONCURRENT_STEPS_MAX)
    .optional()
    .describe('Steps in flight at most, for workflows that say nothing about it (then 10).'),
  AGENTLOOM_BUDGET_LIMIT: money().optional().describe('Dollars that a run may spend, for workflows without a budget.'),
  AGENTLOOM_REDACT_STATE_KEYS: text()
    .transform(parsePatterns)
    .optional()
    .describe(
      'Keys and globs, with commas, whose values no result or checkpoint shows; beside those of `state_schema`.',
    ),
  AGENTLOOM_CHECKPOINT: flag()
    .default(false)
    .describe("Also writes a checkpoint in the Python engine's format when a run ends or pauses."),
  AGENTLOOM_CHECKPOINT_DIR: text().default('agentloom_checkpoints').describe('Folder of those checkpoints.'),
  AGENTLOOM_DEBUG: flag().default(false).describe('Shows where an error that nobody foresaw happened.'),
} as const

const schema = z.object(settingsTable)

export type Settings = z.infer<typeof schema>
export type SettingName = keyof typeof settingsTable

/** Their values appear nowhere, not even in part. */
export const SECRET_SETTINGS: ReadonlySet<SettingName> = new Set([
  'OPENAI_API_KEY',
  'ANTHROPIC_API_KEY',
  'GOOGLE_API_KEY',
  'AGENTLOOM_REDIS_URL',
  'REDIS_URL',
])

/** @throws {CliError} `config/environment` naming the first variable that can't be meant */
export function readSettings(environment: Environment): Settings {
  const names = Object.keys(settingsTable) as SettingName[]
  const given = names.filter((name) => Object.hasOwn(environment, name) && environment[name] !== '')
  const parsed = schema.safeParse(Object.fromEntries(given.map((name) => [name, environment[name]])))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const name = String(issue?.path[0]) as SettingName
  const value = SECRET_SETTINGS.has(name)
    ? 'its value'
    : `'${printable(environment[name] ?? '', SHOWN_CHARACTERS_MAX)}'`
  throw new CliError(
    'config/environment',
    `the variable ${name} can't be ${value}: ${issue?.message ?? 'unreadable'}`,
    {
      place: name,
      help: settingsTable[name]?.description ?? null,
    },
  )
}
