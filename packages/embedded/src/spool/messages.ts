import type { Failure } from '../store/messages.ts'

/** What the main thread and the spool's thread say to each other. */
export interface OpenSpool {
  readonly folder: string
  /** Of the worker; names its file. */
  readonly worker: string
}

/** One entry as it is written. */
export interface SpoolCells {
  readonly run: string
  /** Null: a fact. */
  readonly hash: string | null
  readonly definition: string | null
  /** JSON text of the header or the fact. */
  readonly body: string
  readonly atMs: number
}

export interface SpoolRows {
  readonly header: string
  readonly definition: string | null
  readonly facts: readonly string[]
}

interface RunKey {
  readonly runId: string
  readonly touchedAtMs: number
  readonly leavingAtMs: number | null
}

export interface SpoolReplies {
  put: null
  runs: readonly RunKey[]
  read: SpoolRows | null
  mark: null
  drop: null
  close: null
}

export type SpoolCall =
  | { readonly name: 'put'; readonly entries: readonly SpoolCells[] }
  | { readonly name: 'runs' }
  | { readonly name: 'read'; readonly run: string }
  | { readonly name: 'mark'; readonly runs: readonly RunKey[]; readonly leavingAtMs: number | null }
  | { readonly name: 'drop'; readonly runs: readonly RunKey[] }
  | { readonly name: 'close' }

export interface SpoolRequest {
  readonly id: number
  readonly call: SpoolCall
}

export type SpoolAnswer =
  | { readonly id: number; readonly reply: SpoolReplies[SpoolCall['name']] }
  | { readonly id: number; readonly failure: Failure }
  | { readonly id: 'opened' }
  | { readonly id: 'refused'; readonly failure: Failure }
