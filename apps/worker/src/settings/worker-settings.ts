import { join, resolve } from 'node:path'
import { DEFAULT_POOL } from '@agentloom/engine'
import type { LogLevel } from '@agentloom/telemetry'
import { isQueueName } from '@agentloom/workflow'
import { z } from 'zod'
import {
  duration,
  type Environment,
  journalVariables,
  logVariables,
  parseEnvironment,
  parseFlags,
  redactionVariables,
  redisOf,
  seconds,
  startPolicyOf,
  type StartPolicySettings,
  wholeNumber,
} from './settings.ts'

/** Longest grace: orchestrators kill long before an hour. */
const GRACE_SECONDS_MAX = 3_600
const CONCURRENCY_MAX = 10_000 // above it one process is busy with bookkeeping; start another worker
const DEATHS_MAX_MAX = 1_000
const PORT_MAX = 65_535
const CANDIDATE_CACHE_MAX = 1_000_000
const METRICS_KEYS_MAX = 1_000_000

const poolNames = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .refine((names) => names.every(isQueueName), 'must be names of letters, digits, _ and -, separated by commas')

/** What differs from worker to worker: the flags of `agentloom worker`, by their names without dashes. */
export const workerFlags = z.strictObject({
  redis: z.string().min(1).optional().describe('Redis with the journal. Default: AGENTLOOM_REDIS_URL, then REDIS_URL.'),
  concurrency: wholeNumber({ min: 1, max: CONCURRENCY_MAX }).default(64).describe('Steps at once.'),
  queues: poolNames.optional().describe('Pools whose steps are taken, separated by commas. Default: AGENTLOOM_QUEUES.'),
  functions: z
    .union([
      z
        .string()
        .min(1)
        .transform((path) => [path]),
      z.array(z.string().min(1)),
    ])
    .default([])
    .describe('Modules whose exports made by defineFunction are registered by name; may be repeated.'),
  workflows: z.string().min(1).optional().describe('Folder of workflow files that start-run jobs may name.'),
  onlyShards: z
    .string()
    .regex(/^\d{1,3}(,\d{1,3})*$/, 'must be numbers with commas, as 0,2')
    .transform((text) => text.split(',').map(Number))
    .optional()
    .describe('Shards whose steps are taken, by number from 0. Default: all.'),
  healthPort: wholeNumber({ min: 0, max: PORT_MAX })
    .optional()
    .describe('Port of /healthz, /readyz and /metrics; 0 picks one. Default: none.'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 of A-Z, a-z, 0-9, ., _ and -')
    .optional()
    .describe('Name in the journal and in Bull Board. Default: host, process id and a random part.'),
  grace: seconds({ max: GRACE_SECONDS_MAX })
    .default(10)
    .describe('Seconds that steps in flight get to finish after SIGTERM, SIGINT or SIGHUP.'),
  workDir: z.string().min(1).optional().describe('Folder of the run folders. Default: work/ in AGENTLOOM_HOME.'),
})

/** What is the same for all workers of a place. */
export const workerVariables = z.object({
  ...journalVariables,
  ...logVariables,
  ...redactionVariables,
  AGENTLOOM_HOME: z.string().default('.agentloom').describe('Folder of checkpoints, spool and run folders.'),
  AGENTLOOM_SPOOL: z
    .enum(['parallel', 'before', 'off'], 'must be parallel, before or off')
    .default('parallel')
    .describe('How results go to the own disk, for a loss of Redis data: with the commit, before it, or not at all.'),
  AGENTLOOM_QUEUES: poolNames
    .default([DEFAULT_POOL])
    .describe('Pools whose steps a worker takes, as steps name them with `queue`, separated by commas.'),
  AGENTLOOM_AWAY_AFTER: z
    .union([z.literal('never').transform(() => null), duration()], 'must be a duration such as 30m or 12h, or never')
    .optional()
    .describe(
      'How long a run waits for somebody before it leaves Redis for its checkpoint, to come back when it is asked for: 30m, 12h, `never`. Default 1h.',
    ),
  AGENTLOOM_CHECKPOINT_RETENTION: duration()
    .optional()
    .describe('How long checkpoints and run folders of ended runs stay: 90d. Default: until `agentloom runs prune`.'),
  AGENTLOOM_FLOOR_FILE: z
    .string()
    .optional()
    .describe('JSON file that opens what tools may do on this worker. Default: closed.'),
  AGENTLOOM_PRICING_FILE: z
    .string()
    .optional()
    .describe('JSON file with prices per 1,000 tokens, laid over the built-in ones.'),
  AGENTLOOM_CANDIDATE_CACHE_MAX: wholeNumber({ min: 1, max: CANDIDATE_CACHE_MAX })
    .optional()
    .describe('Models whose providers are remembered. Default 1,024.'),
  AGENTLOOM_STRAY_ERRORS: z
    .enum(['log', 'drain'], 'must be log or drain')
    .default('log')
    .describe('After an error that no step caught: log it and go on, or drain and exit with 1.'),
  AGENTLOOM_METRICS_MAX_KEYS: wholeNumber({ min: 1, max: METRICS_KEYS_MAX })
    .optional()
    .describe('Label sets of one metric; what is more is counted as `other`. Default 1,024.'),
  AGENTLOOM_DEATHS_MAX: wholeNumber({ min: 1, max: DEATHS_MAX_MAX })
    .optional()
    .describe('A step with which so many workers died is set aside (quarantined). Default 3.'),
  AGENTLOOM_HEALTH_HOST: z.string().default('127.0.0.1').describe('Address of the health port.'),
})

/** Flags of `agentloom worker`; numbers may come as text. */
export type WorkerFlags = z.input<typeof workerFlags>

export interface WorkerSettings {
  readonly redis: string
  readonly prefix: string
  readonly shards: number | null
  readonly starts: StartPolicySettings
  readonly onlyShards: readonly number[] | null
  readonly concurrency: number
  readonly queues: readonly string[]
  readonly functions: readonly string[]
  readonly workflows: string | null
  readonly health: { readonly host: string; readonly port: number } | null
  readonly name: string | null
  readonly graceMs: number
  readonly home: string
  readonly spool: 'parallel' | 'before' | 'off'
  readonly workDir: string
  readonly floorFile: string | null
  readonly pricingFile: string | null
  readonly candidateCacheMax: number | null
  readonly metricsKeysMax: number | null
  readonly blobs: string
  readonly deathsMax: number | null
  readonly retentionMs: number | null
  readonly checkpointRetentionMs: number | null
  /** Null: never; undefined: as usual. */
  readonly awayMs: number | null | undefined
  readonly strayErrors: 'log' | 'drain'
  readonly redact: readonly string[]
  readonly logLevel: LogLevel
  readonly logFormat: 'json' | 'text'
}

/** @throws {SettingError} `config/option`, `config/environment`, `config/no-redis` */
export function workerSettings(given: WorkerFlags, environment: Environment): WorkerSettings {
  const flags = parseFlags(workerFlags, given)
  const variables = parseEnvironment(workerVariables, environment)
  const home = resolve(variables.AGENTLOOM_HOME)
  return {
    redis: redisOf(flags.redis, variables),
    prefix: variables.AGENTLOOM_PREFIX,
    shards: variables.AGENTLOOM_SHARDS ?? null,
    starts: startPolicyOf(variables),
    onlyShards: flags.onlyShards ?? null,
    concurrency: flags.concurrency,
    queues: flags.queues ?? variables.AGENTLOOM_QUEUES,
    functions: flags.functions,
    workflows: flags.workflows ?? null,
    health: flags.healthPort === undefined ? null : { host: variables.AGENTLOOM_HEALTH_HOST, port: flags.healthPort },
    name: flags.name ?? null,
    graceMs: flags.grace * 1_000,
    home,
    spool: variables.AGENTLOOM_SPOOL,
    workDir: flags.workDir === undefined ? join(home, 'work') : resolve(flags.workDir),
    floorFile: variables.AGENTLOOM_FLOOR_FILE ?? null,
    pricingFile: variables.AGENTLOOM_PRICING_FILE ?? null,
    candidateCacheMax: variables.AGENTLOOM_CANDIDATE_CACHE_MAX ?? null,
    metricsKeysMax: variables.AGENTLOOM_METRICS_MAX_KEYS ?? null,
    blobs: variables.AGENTLOOM_BLOBS,
    deathsMax: variables.AGENTLOOM_DEATHS_MAX ?? null,
    retentionMs: variables.AGENTLOOM_RETENTION ?? null,
    awayMs: variables.AGENTLOOM_AWAY_AFTER,
    checkpointRetentionMs: variables.AGENTLOOM_CHECKPOINT_RETENTION ?? null,
    strayErrors: variables.AGENTLOOM_STRAY_ERRORS,
    redact: variables.AGENTLOOM_REDACT_STATE_KEYS ?? [],
    logLevel: variables.AGENTLOOM_LOG_LEVEL,
    logFormat: variables.AGENTLOOM_LOG_FORMAT,
  }
}
