export { RedisConnectError, RedisFullError, RedisUnreachableError, RedisUrlError, RunNotFoundError, type RedisProblem } from './connect/errors.ts'
export { startWorkerRuntime, type WorkerEvent, type WorkerOptions, type WorkerRuntime } from './worker/runtime.ts'
