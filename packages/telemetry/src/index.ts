export { LOG_LEVELS, type LogLevel, parseLogLevel } from './logger/levels.ts'
export { createLogger, type Logger, type LoggerOptions } from './logger/logger.ts'
export { createRedactor, isSecretName, REDACTED, secretsOf } from './logger/redact.ts'
export { type Metric, type MetricName, METRICS, prometheusName } from './metrics.ts'
