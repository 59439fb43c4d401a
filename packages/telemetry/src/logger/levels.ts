/** The levels that agentloom writes, as `AGENTLOOM_LOG_LEVEL` names them. */
export const LOG_LEVELS = ['debug', 'info', 'warning', 'error', 'critical'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** pino's own names; `trace` is written as DEBUG. */
const PINO_LEVEL = { debug: 'debug', info: 'info', warning: 'warn', error: 'error', critical: 'fatal' } as const
const WRITTEN: ReadonlyMap<string, string> = new Map([
  ['trace', 'DEBUG'],
  ['debug', 'DEBUG'],
  ['info', 'INFO'],
  ['warn', 'WARNING'],
  ['error', 'ERROR'],
  ['fatal', 'CRITICAL'],
])

/** A level by its name in any case; what is no level means info. */
export function parseLogLevel(text: string | undefined): LogLevel {
  const wanted = text?.trim().toLowerCase()
  return LOG_LEVELS.find((level) => level === wanted) ?? 'info'
}

export function pinoLevel(level: LogLevel): string {
  return PINO_LEVEL[level]
}

export function writtenLevel(pinoName: string): string {
  return WRITTEN.get(pinoName) ?? pinoName.toUpperCase()
}
