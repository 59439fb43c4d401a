export type { Checkpoint, CheckpointList } from './checkpoint/checkpoint-store.ts'
export { openJournal, type EmbeddedJournal, type JournalOptions } from './journal/embedded-journal.ts'
export {
  createEmbedded,
  type Embedded,
  type EmbeddedOptions,
  type EmbeddedStart,
  type ResumeRun,
  type RunHandle,
} from './runtime/embedded.ts'
export { NoHandlerError, RunActiveError, RunCancelledError, RunNotFoundError } from './runtime/errors.ts'
export { StoreError, type StoreErrorCode } from './store/errors.ts'
