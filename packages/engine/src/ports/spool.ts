import type { ErrorInfo } from '@agentloom/workflow'
import type { Note, RunHeader, RunStatus, Settlement, Wake } from './journal.ts'

/**
 * What a worker writes to its own disk beside the journal, so that a journal that lost data can be filled up again: for each
 * run that it worked on how it began, and for each of its claims what came of it. Nothing in it is ever changed.
 */
export interface Spool {
  /**
   * Durable when it resolves. What is put in one turn of the event loop is written together, in the order.
   * @throws {SpoolError} the disk refused it: nothing of this entry is kept
   */
  put(entry: SpoolEntry): Promise<void>
  /** All runs that something is known of, in no order. */
  runs(): Promise<readonly SpooledRunKey[]>
  /** Null for a run of which it is not known how it began. */
  read(runId: string): Promise<SpooledRun | null>
  /**
   * Marks runs as leaving ({@link SpooledRunKey}), or as staying (null), as far as nothing has been put for them since. Whatever
   * is put for a run makes it stay.
   */
  mark(runs: readonly SpooledRunKey[], leavingAtMs: number | null): Promise<void>
  /** Forgets runs, as far as nothing has been put for them since. */
  drop(runs: readonly SpooledRunKey[]): Promise<void>
}

export type SpoolEntry =
  /** Put before anything else of the run, and again where its definition or limits have changed; the text once a definition. */
  | { readonly kind: 'run'; readonly header: RunHeader; readonly definitionText: string | null; readonly atMs: number }
  | SpooledFact

/** What is known of a run beyond its beginning. Times are those of the store's clock, as the worker knew it. */
export type SpooledFact =
  | { readonly kind: 'noted'; readonly claim: SpooledClaim; readonly note: Note; readonly atMs: number }
  | {
      readonly kind: 'settled'
      readonly claim: SpooledClaim
      readonly settlement: Settlement
      readonly atMs: number
    }
  /** The journal did not take the settlement, or the note: the step had been claimed again, or the run was over. */
  | { readonly kind: 'refused'; readonly claim: SpooledClaim; readonly note?: Note; readonly atMs: number }
  /** Ended by something else than its steps: a cancel, its time-out, its budget. */
  | {
      readonly kind: 'ended'
      readonly runId: string
      readonly status: RunStatus
      readonly error: ErrorInfo | null
      readonly atMs: number
    }

/** A claim as its holder knows it. */
export interface SpooledClaim {
  readonly runId: string
  readonly stepId: string
  readonly epoch: number
  readonly nonce: string
  readonly worker: string
  readonly visit: number
  /** What had ended the step's last wait when it was claimed. */
  readonly wake: Wake | null
  /** As in `ClaimedStep`; missing in what older workers have left. */
  readonly attempt?: number
  /** When it was claimed. */
  readonly atMs: number
}

export interface SpooledRunKey {
  readonly runId: string
  /** When something was put for it last. */
  readonly touchedAtMs: number
  /**
   * When it was found to be whole elsewhere, or gone as it should, by the store's clock; null: it stays. A run that leaves is not put
   * back by this spool alone, for the others may have dropped theirs.
   */
  readonly leavingAtMs: number | null
}

export interface SpooledRun {
  readonly header: RunHeader
  /** Null where the text was not kept. */
  readonly definitionText: string | null
  /** In the order in which they were put. */
  readonly facts: readonly SpooledFact[]
}
