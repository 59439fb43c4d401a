export {
  CheckpointStore,
  listCheckpoints,
  type Checkpoint,
  type CheckpointList,
  type CheckpointRetention,
} from './checkpoint/checkpoint-store.ts'
export { CheckpointCorruptError, RunInRedisError } from './checkpoint/errors.ts'
export { exportChunks, writeExport } from './checkpoint/export-file.ts'
export { checkCheckpoint, parseExport, readJsonFile } from './checkpoint/read-file.ts'
export type { EmbeddedJournal } from './journal/embedded-journal.ts'
export { openJournal, type JournalOptions } from './journal/open-journal.ts'
export {
  createEmbedded,
  type Embedded,
  type EmbeddedOptions,
  type EmbeddedStart,
  type ForkedRun,
  type ResumeRun,
  type RunHandle,
} from './runtime/embedded.ts'
export { RunNotFoundError } from '@agentloom/engine'
export { spoolFolder } from './spool/spool-folder.ts'
export { readSpools, WorkerSpool } from './spool/worker-spool.ts'
export { NoHandlerError, RunActiveError, RunCancelledError } from './runtime/errors.ts'
export { StoreError, type StoreErrorCode } from './store/errors.ts'
