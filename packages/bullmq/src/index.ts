export { openBlobPlace } from './blobs/blob-place.ts'
export { type Compaction, type CompactionOptions, type UnsavedRun, openCompaction } from './compact/compaction.ts'
export {
  RedisConnectError,
  RedisFullError,
  RedisUnreachableError,
  RedisUrlError,
  type RedisProblem,
} from './connect/errors.ts'
export { RedisDataError } from './connect/redis-error.ts'
export { START_RUN } from './doorbell/start-job.ts'
export { ShardCountError } from './shards/errors.ts'
export { isStartDurability, type StartDurability } from './start/durability.ts'
export { BacklogError, DurabilityError, DurabilityUnavailableError, MemoryMarkError } from './start/errors.ts'
export { RedisJournal, type RedisJournalOptions } from './journal/redis-journal.ts'
export { keysOf, RUNS_QUEUE, STEPS_QUEUE, type Keys } from './keys.ts'
export { listWorkers, type WorkerCard, type WorkerEntry } from './worker/registry.ts'
export type { ProcessMark } from './worker/process-mark.ts'
export { ShardedJournal, type ShardedJournalOptions } from './shards/sharded-journal.ts'
export type { WorkerEvent } from './worker/events.ts'
export { startWorkerRuntime, type WorkerOptions, type WorkerRuntime } from './worker/runtime.ts'
export { WorkerOptionError } from './worker/worker-options.ts'
export { RunNotFoundError } from '@agentloom/engine'
export type { QueueStanding, Standing } from './standing.ts'
export { verifyStored, type VerifiedRun, type VerifyParts } from './verify/verify-stored.ts'
