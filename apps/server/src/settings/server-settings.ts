import type { LogLevel } from '@agentloom/telemetry'
import {
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
} from '@agentloom/worker/program'
import { z } from 'zod'
import { isLoopback } from '../http/guards.ts'
import { ApiKeyError } from './errors.ts'

const PORT_MAX = 65_535
const GRACE_SECONDS_MAX = 3_600
/** Shorter keys are guessed. */
const API_KEY_LENGTH_MIN = 16

/** The flags of `agentloom server`, by their names without dashes. */
export const serverFlags = z.strictObject({
  redis: z.string().min(1).optional().describe('Redis with the journal. Default: AGENTLOOM_REDIS_URL, then REDIS_URL.'),
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on; one that others can reach needs an API key.'),
  port: wholeNumber({ min: 0, max: PORT_MAX }).default(8642).describe('Port to listen on; 0 picks one.'),
  apiKey: z
    .string()
    .optional()
    .describe(
      'Key that every request must bring. Default: AGENTLOOM_API_KEY, which other users of the machine cannot see.',
    ),
  workflows: z.string().min(1).optional().describe('Folder of workflow files whose names POST /runs takes.'),
  grace: seconds({ max: GRACE_SECONDS_MAX })
    .default(10)
    .describe('Seconds that open requests get after SIGTERM, SIGINT or SIGHUP.'),
})

export const serverVariables = z.object({
  ...journalVariables,
  ...logVariables,
  ...redactionVariables,
  AGENTLOOM_API_KEY: z.string().optional().describe('Key that every request must bring; at least 16 characters.'),
})

/** Flags of `agentloom server`; numbers may come as text. */
export type ServerFlags = z.input<typeof serverFlags>

export interface ServerSettings {
  readonly redis: string
  readonly prefix: string
  readonly shards: number | null
  readonly starts: StartPolicySettings
  readonly host: string
  readonly port: number
  readonly apiKey: string | null
  readonly workflows: string | null
  readonly graceMs: number
  readonly blobs: string
  readonly retentionMs: number | null
  readonly redact: readonly string[]
  readonly logLevel: LogLevel
  readonly logFormat: 'json' | 'text'
}

/** @throws {SettingError} `config/option`, `config/environment`, `config/no-redis` @throws {ApiKeyError} */
export function serverSettings(given: ServerFlags, environment: Environment): ServerSettings {
  const flags = parseFlags(serverFlags, given)
  const variables = parseEnvironment(serverVariables, environment)
  const apiKey = flags.apiKey ?? variables.AGENTLOOM_API_KEY ?? null
  checkApiKey(apiKey, flags.host)
  return {
    redis: redisOf(flags.redis, variables),
    prefix: variables.AGENTLOOM_PREFIX,
    shards: variables.AGENTLOOM_SHARDS ?? null,
    starts: startPolicyOf(variables),
    host: flags.host,
    port: flags.port,
    apiKey,
    workflows: flags.workflows ?? null,
    graceMs: flags.grace * 1_000,
    blobs: variables.AGENTLOOM_BLOBS,
    retentionMs: variables.AGENTLOOM_RETENTION ?? null,
    redact: variables.AGENTLOOM_REDACT_STATE_KEYS ?? [],
    logLevel: variables.AGENTLOOM_LOG_LEVEL,
    logFormat: variables.AGENTLOOM_LOG_FORMAT,
  }
}

/** @throws {ApiKeyError} `server/no-api-key`, `server/weak-api-key` */
export function checkApiKey(apiKey: string | null, host: string): void {
  if (apiKey === null && !isLoopback(host))
    throw new ApiKeyError('server/no-api-key', `whoever reaches ${host} could start runs and see their data`)
  if (apiKey !== null && apiKey.length < API_KEY_LENGTH_MIN)
    throw new ApiKeyError('server/weak-api-key', `the API key has fewer than ${API_KEY_LENGTH_MIN} characters`)
}
