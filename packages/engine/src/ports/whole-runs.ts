import type { JournalRecord } from '../journal/record.ts'
import type { Offer, RunStatus, StartRun, UndecidedStep } from './journal.ts'

/**
 * A run as a whole: imported, brought back from disk, migrated, forked, or rebuilt after a loss of data. Its header and all
 * that a journal counts follow from its records.
 */
export interface RestoreRun {
  /** As `restartCommand` makes it: the limits in force, and the plan's roots and cap. */
  readonly start: StartRun
  /** The run's whole journal from here on; it begins with `started`. */
  readonly records: readonly JournalRecord[]
  /** Number of records that the journal holds of this run now, as the caller has seen it; null: it knows no such run. */
  readonly replaces: number | null
}

export type RestoreReply =
  | {
      readonly outcome: 'restored'
      readonly status: RunStatus
      /** To be rung for, claims without an end among them: whoever held them can't commit any more. */
      readonly offers: readonly Offer[]
      readonly undecided: readonly UndecidedStep[]
    }
  /** Somebody has written to the run since; with its present number of records. */
  | { readonly outcome: 'refused'; readonly recordCount: number | null }

export interface EraseReply {
  /** The run is not there: erased by this call, or before. */
  readonly isDone: boolean
  /** What the journal holds of it now. */
  readonly recordCount: number | null
}
