import type { JournalRecord, RunHeader, RunStatus } from '@agentloom/engine'
import type { Failure } from '../store/messages.ts'

/** What the store of checkpoints and its thread say to each other. Records cross as they are: the thread makes texts of them. */
export type CheckpointCall =
  | { readonly name: 'standing'; readonly run: string }
  | ({ readonly name: 'put' } & PutRecords)
  | { readonly name: 'read'; readonly run: string }
  | { readonly name: 'list'; readonly filter: CheckpointFilter }
  /** Those of the runs that are not kept. */
  | { readonly name: 'unknown'; readonly runs: readonly string[] }
  | { readonly name: 'ids' }
  | { readonly name: 'tree'; readonly run: string }
  | { readonly name: 'expired'; readonly rule: RetentionRule }
  | { readonly name: 'remove'; readonly runs: readonly string[] }
  | { readonly name: 'close' }

/** Records of a run from an index on; the last piece of a write seals it. */
export interface PutRecords {
  readonly run: string
  /** Of the rows that the pieces before went to; `standing` or an earlier piece answered it. Null: the thread finds out. */
  readonly key: number | null
  readonly from: number
  /** The record before `from`: must be the one that is there. Null for later pieces and where `from` is 0. */
  readonly previous: JournalRecord | null
  /** Nothing that is kept of the run is gone on with. Default false. */
  readonly isAnew?: boolean
  readonly records: readonly JournalRecord[]
  readonly seal: { readonly header: RunHeader; readonly definitionText: string; readonly place: RunPlace } | null
}

/** Where a run lives whose copy is kept. */
export type RunPlace = 'embedded' | 'redis'

export interface CheckpointFilter {
  readonly statuses: readonly RunStatus[] | null
  readonly workflow: string | null
  /** Started then or later, milliseconds since 1970. */
  readonly sinceMs: number
  readonly withChildren: boolean
  /** Null: wherever they live. */
  readonly place: RunPlace | null
  readonly limit: number
}

/** What is kept of runs that are over; those at rest are kept until they are removed by name. */
export interface RetentionRule {
  /** Ended before then, milliseconds since 1970; null: however old. */
  readonly endedBeforeMs: number | null
  /** All but so many, the newest; null: however many. */
  readonly countMax: number | null
  /** Only those; null: however they ended. */
  readonly statuses: readonly RunStatus[] | null
  /** Null: wherever they live. */
  readonly place: RunPlace | null
  readonly limit: number
}

export interface HeaderCells {
  readonly run: string
  /** JSON: the header without input, and `place` of a run that lives in Redis. */
  readonly header: string
  readonly input: string
  readonly isDamaged: boolean
}

export interface CheckpointRows extends HeaderCells {
  readonly definitionText: string | null
  readonly records: readonly { readonly body: string; readonly output: string | null }[]
  /** Index of the first record whose sum is wrong or that is missing, or null. */
  readonly badRecord: number | null
}

export interface CheckpointReplies {
  /** Number of records that are kept, and the key of their rows. */
  readonly standing: { readonly key: number; readonly count: number } | null
  /** `differs`: other records are kept, and the whole run must be put. */
  readonly put: { readonly key: number } | 'differs'
  readonly read: CheckpointRows | null
  readonly list: readonly HeaderCells[]
  readonly unknown: readonly string[]
  readonly ids: readonly string[]
  readonly tree: readonly string[]
  readonly expired: readonly string[]
  readonly remove: number
  readonly close: null
}

export interface CheckpointRequest {
  readonly id: number
  readonly call: CheckpointCall
}

export type CheckpointAnswer =
  | { readonly id: number; readonly reply: CheckpointReplies[CheckpointCall['name']] }
  | { readonly id: number; readonly failure: Failure }
