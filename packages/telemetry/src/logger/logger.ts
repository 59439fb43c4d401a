import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino'
import { type LogLevel, pinoLevel, writtenLevel } from './levels.ts'
import { createRedactor } from './redact.ts'
import { toText } from './text.ts'

/** pino's logger: `log.info({ stepId }, 'message')`, `log.child({ runId })`. */
export type Logger = PinoLogger

/** How a process logs. */
export interface LoggerOptions {
  /** Who speaks: `engine`, `providers.openai`; written as `agentloom.engine`. */
  readonly name: string
  /** Default: `info`. From `AGENTLOOM_LOG_LEVEL` by way of `parseLogLevel`, in the process that reads its settings. */
  readonly level?: LogLevel
  /** `json`: one object a line, for machines (default). `text`: for a terminal. */
  readonly format?: 'json' | 'text'
  /** Fields of every line: `{ runId, stepId, workflow, provider }`; written as `run_id` and so on. */
  readonly bindings?: Readonly<Record<string, unknown>>
  /** Values that must never be printed, e.g. `secretsOf(process.env)`. Those shorter than 6 characters are not looked for. */
  readonly secrets?: readonly string[]
  /** Where lines go. Default: stderr, synchronously, so that a crash loses none. */
  readonly destination?: DestinationStream
}

const STDERR = 2

/**
 * Makes a logger. Fields keep the names that log consumers parse: `timestamp, level, logger, message, run_id, step_id,
 * workflow, provider, exception`. Secrets are replaced by `[redacted]` wherever they stand in a line.
 */
export function createLogger(options: LoggerOptions): Logger {
  const redact = createRedactor(options.secrets)
  const write = options.format === 'text' ? toText : (line: string) => line
  return pino(
    {
      level: pinoLevel(options.level ?? 'info'),
      base: { logger: `agentloom.${options.name}`, ...options.bindings },
      messageKey: 'message',
      errorKey: 'exception',
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: writtenLevel(label) }) },
      serializers: { exception: describeError, err: describeError, error: describeError },
      // pino formats bindings of the root only, not those of children: names are settled on the finished line.
      hooks: { streamWrite: (line) => write(redact(withWrittenNames(line))) },
    },
    options.destination ?? pino.destination({ fd: STDERR, sync: true }),
  )
}

const WRITTEN_NAME: ReadonlyMap<string, string> = new Map([
  ['runId', 'run_id'],
  ['stepId', 'step_id'],
  ['workerId', 'worker_id'],
  ['traceId', 'trace_id'],
  ['spanId', 'span_id'],
])
/** A quote inside a JSON string is escaped, so this meets names only. */
const CODE_NAME = /(?<!\\)"(runId|stepId|workerId|traceId|spanId)":/g

function withWrittenNames(line: string): string {
  return line.replace(CODE_NAME, (_, name: string) => `"${WRITTEN_NAME.get(name) ?? name}":`)
}

function describeError(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown
  const code = 'code' in thrown && typeof thrown.code === 'string' ? { code: thrown.code } : {}
  return { type: thrown.name, message: thrown.message, ...code, stack: thrown.stack }
}
