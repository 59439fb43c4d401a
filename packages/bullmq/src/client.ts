export type {
  BlobStore,
  JournalRecord,
  LoadedRun,
  RunFilter,
  RunHeader,
  RunStatus,
  RunTransition,
  RunView,
  StartOptions,
  StepView,
} from '@agentloom/engine'
export { BlobPlaceError, openBlobPlace } from './blobs/blob-place.ts'
export {
  createClient,
  type Client,
  type ClientOptions,
  type EventOptions,
  type ResumeReply,
  type ResumeRunOptions,
  type RunEvent,
  type StartRunOptions,
} from './client/client.ts'
export { endedRun, type CheckpointedRun } from './client/ended-run.ts'
export {
  RedisConnectError,
  RedisFullError,
  RedisUnreachableError,
  RedisUrlError,
  type RedisProblem,
} from './connect/errors.ts'
export { ShardCountError } from './shards/errors.ts'
export { isStartDurability, type StartDurability } from './start/durability.ts'
export { BacklogError, DurabilityError, DurabilityUnavailableError, MemoryMarkError } from './start/errors.ts'
export { newRunId, RUN_STATUSES } from '@agentloom/engine'
export { ForkError, MigrationRefusedError, RunNotFoundError } from '@agentloom/engine'
export { stepsQueueOf } from './keys.ts'
export type { KeyStanding, SlotHolder } from './client/slots.ts'
export type { QueueStanding, Standing } from './standing.ts'
export { recoverRuns, type RecoverOptions } from './generation/recover-by-hand.ts'
export { examineRedis, type DoctorOptions } from './doctor/doctor.ts'
export type { Finding } from './doctor/examine.ts'
export type { VerifiedRun } from './verify/verify-stored.ts'
