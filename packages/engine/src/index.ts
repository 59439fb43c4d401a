export { childRunId, isChildRun } from './execute/child-run-id.ts'
export { runAttempt, type Attempt, type Executors } from './execute/attempt.ts'
export { memoryCache, type Cache } from './execute/cache.ts'
export { ItemFailedError } from './execute/foreach.ts'
export { environmentSecrets, MissingSecretError, type Secrets } from './execute/secrets.ts'
export { OutputSchemaError } from './execute/structured.ts'
export { failureOf, StepConfigError, StepTimedOutError, type Failure } from './execute/failure.ts'
export { functionsOf, type Functions } from './execute/function.ts'
export { explainNewerFormat, explainRun, openSteps } from './explain/explain.ts'
export {
  explanationDocument,
  type Explanation,
  type Reason,
  type StepReason,
  type WaitCause,
} from './explain/explanation.ts'
export type { Facts, KeyFact, RunTree, WorkerFact } from './explain/facts.ts'
export { loadTree } from './explain/load-tree.ts'
export { redactRecord } from './fold/redact-record.ts'
export { redactError, redactOutputText } from './fold/redact-view.ts'
export { errorDocument, runDocument } from './fold/run-document.ts'
export { openChildren, viewRunTree, viewTree, type OpenChild, type RunReader } from './fold/run-tree.ts'
export { viewRun, type ChildViews, type RunView, type StepStatus, type StepView } from './fold/run-view.ts'
export { foldState, type FoldedState, type Left } from './fold/state.ts'
export { closingOf, type Closing } from './fold/closing.ts'
export { foldSteps, type StepFold } from './fold/step-fold.ts'
export { DelegatedJournal } from './journal/delegated-journal.ts'
export { budgetError, parentEndedError, timeoutError } from './journal/end.ts'
export { CorruptJournalError, NewerFormatError, RunIdConflictError, RunNotFoundError } from './journal/errors.ts'
export { MemoryJournal, type Change, type MemoryJournalOptions } from './journal/memory-journal.ts'
export { rebuildRun } from './journal/rebuild.ts'
export { FORMAT, NO_USAGE, type JournalRecord, type StepRecord, type StepUsage } from './journal/record.ts'
export { retryStep } from './walk/retry-step.ts'
export { isWanted } from './journal/run-filter.ts'
export { isSameRun, restoreRun, type DueEntry, type RestoredRun } from './journal/restore.ts'
export { isOver, RUN_STATUSES, type RunState, type StepCell } from './journal/run-state.ts'
export { judgeWake } from './journal/wake.ts'
export { DEATHS_MAX, quarantineWait, suspectDeaths } from './journal/poison.ts'
export { SPARED_MS } from './journal/verbs.ts'
export { endsByResume, isParkReason, mendOf, PARK_REASONS, type ParkReason } from './ports/park-reason.ts'
export { CHILD_CHECK_MS } from './journal/wait.ts'
export { newRunId } from './run-id.ts'
export { BlobJournal } from './blobs/blob-journal.ts'
export { Blobs } from './blobs/blobs.ts'
export { BlobMissingError, BlobStoreError } from './blobs/errors.ts'
export {
  importReference,
  isReferenceCheckpoint,
  ReferenceCheckpointError,
  referenceRunId,
  type ImportedRun,
} from './whole-runs/reference-checkpoint.ts'
export { restsWhole } from './whole-runs/rest.ts'
export { childRunsIn, eraseAsItIs, readKept, readTree, type KeptRun } from './whole-runs/tree.ts'
export { createPlans, NoDefinitionError } from './plans.ts'
export { restartCommand, startCommand, type StartOptions } from './start.ts'
export { StartOptionError } from './start-option-error.ts'
export { systemClock } from './system-clock.ts'
export { DEFAULT_POOL, poolOf } from './schedule/pools.ts'
export { planResume, type ResumeOptions } from './schedule/resume.ts'
export {
  decide,
  EDGES_PER_COMMAND,
  edgesOf,
  isClean,
  mergeVerdicts,
  NO_VERDICTS,
  type Outcome,
} from './schedule/verdicts.ts'
export { bellOf } from './walk/bell.ts'
export { SpoolError, type SpoolErrorCode } from './spool/errors.ts'
export { mergeRun, type MergedRun, type MergeOptions } from './spool/merge-run.ts'
export { endLeftChildren } from './spool/end-left-children.ts'
export { replaySpool, type Ready, type ReplayedRun, type ReplayMode, type ReplayParts } from './spool/replay.ts'
export { SpooledJournal, type SpooledJournalOptions } from './spool/spooled-journal.ts'
export { verifyRun, type Finding, type FindingCode } from './verify/verify-run.ts'
export { Claims } from './walk/claims.ts'
export { decideGate, type DecideReply, type Decision, type TreeParts } from './walk/decide-gate.ts'
export { checkDecided, DecisionRefusedError } from './walk/decision-error.ts'
export { Follower, type FollowerParts } from './walk/follow.ts'
export { Held, StepAbortedError, type AbortReason } from './walk/held.ts'
export {
  pauseTree,
  resumeTree,
  signalTree,
  type GateDecision,
  type ResumeTreeOptions,
  type ResumeTreeReply,
} from './walk/run-tree-verbs.ts'
export { parkOffered, type Parking } from './walk/park.ts'
export { unparkTree, type Unparking } from './walk/unpark.ts'
export { Places } from './walk/places.ts'
export { Walker, type Served, type ServeResult, type WalkerParts } from './walk/walker.ts'
export { diffRuns, type RunDifference, type RunSide, type StepDifference, type StepSide } from './whole-runs/diff.ts'
export { ForkError, MigrationRefusedError } from './whole-runs/errors.ts'
export { planFork, type Fork, type PlannedFork } from './whole-runs/fork.ts'
export { planMigration, type MigrationProblem, type PlannedMigration } from './whole-runs/migrate.ts'
export { planDifferences, type PartDifference } from './whole-runs/plan-difference.ts'
export {
  forkRun,
  migrateRun,
  type ForkReply,
  type ForkRun,
  type MigrateReply,
  type WholeRunParts,
} from './whole-runs/verbs.ts'
export type * from './ports/index.ts'
