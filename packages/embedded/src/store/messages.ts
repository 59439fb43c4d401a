/**
 * What the main thread and the store's thread say to each other. Data only: texts, numbers and null, because those cross
 * the border cheapest, and because SQLite takes nothing else (a Date or `true` would be bound as something else).
 *
 * Writes are many and small: one message per turn of the event loop carries all of them, flattened into `cells`.
 * Everything else is a call with a reply. Both are answered in the order in which they were sent.
 */
export interface OpenRequest {
  readonly path: string
  readonly folder: string
  readonly access: 'write' | 'read'
  /** How long a command waits for another process's transaction, milliseconds. */
  readonly busyMs: number
}

/** The cells of one change, in this order. */
export type ChangeCells = [
  run: string,
  /** Index of the change's first record in the run. */
  from: number,
  count: number,
  /** Milliseconds since 1970 of its last record. */
  at: number,
  /** JSON list of its records; `output` stands in the next cell. */
  body: string,
  /** JSON text of the committed output, if one of the records is a commit. */
  output: string | null,
  status: string,
  error: string | null,
  news: StartCells | LimitCells | null,
]

export const CELLS_PER_CHANGE = 9 satisfies ChangeCells['length']

export interface StartCells {
  readonly kind: 'start'
  readonly hash: string
  /** Null where this store has sent it before. */
  readonly definition: string | null
  readonly workflow: string
  /** JSON: what never changes of a run's header. */
  readonly header: string
  readonly limits: string
  /** Id of the parent run. */
  readonly parent: string | null
  readonly input: string
  readonly created: number
}

/** What changes of a run's header beside its status, where it is reopened. */
export interface LimitCells {
  readonly kind: 'limits'
  /** JSON. */
  readonly limits: string
}

export type Request =
  | { readonly kind: 'write'; readonly id: number; readonly cells: readonly ChangeCells[number][] }
  | { readonly kind: 'call'; readonly id: number; readonly call: Call }

export type Call =
  | { readonly name: 'read'; readonly run: string; readonly from: number }
  | { readonly name: 'header'; readonly run: string }
  | { readonly name: 'definition'; readonly hash: string }
  | {
      readonly name: 'list'
      readonly statuses: readonly string[] | null
      readonly workflow: string | null
      readonly sinceMs: number
      readonly withChildren: boolean
      readonly limit: number
    }
  /** Ids of the child runs of a run that may go on with it: not over, or ended by its end. */
  | { readonly name: 'children'; readonly run: string }
  /** Makes the run this process's own, unless a living process has it. */
  | { readonly name: 'take'; readonly run: string }
  | { readonly name: 'give'; readonly run: string }
  | { readonly name: 'standing'; readonly run: string }
  /** Tells the living process that has the run, if there is one. */
  | ({ readonly name: 'wish'; readonly run: string } & Wish)
  /** Those of the runs that the journal does not know. */
  | { readonly name: 'unknown'; readonly runs: readonly string[] }
  /** Puts a run in the place of the one that is there with so many records; null: of none. It is this process's then. */
  | {
      readonly name: 'replace'
      readonly run: string
      readonly replaces: number | null
      /** The first with START's cells. */
      readonly changes: readonly ChangeCells[]
    }
  | { readonly name: 'erase'; readonly run: string; readonly recordCount: number }
  | { readonly name: 'close' }

/** What a process wants of a run that another one has. */
export interface Wish {
  readonly wish: 'cancel' | 'pause' | 'wake' | 'signal'
  /** A reason, or JSON. */
  readonly body: string
}

export interface HeaderRow {
  readonly run: string
  readonly hash: string
  readonly header: string
  readonly input: string
  readonly sum: number
  readonly status: string
  readonly error: string | null
  readonly limits: string | null
  readonly updated: number
}

export interface RecordRow {
  readonly seq: number
  readonly body: string
  readonly output: string | null
  readonly sum: number
}

export interface RunRows {
  readonly header: HeaderRow
  readonly records: readonly RecordRow[]
}

export interface Owner {
  readonly pid: number
  readonly host: string
}

export type WholeRunReply =
  | { readonly outcome: 'done' }
  /** It has so many records. */
  | { readonly outcome: 'refused'; readonly recordCount: number | null }
  | { readonly outcome: 'owned'; readonly owner: Owner }

export interface Replies {
  readonly read: RunRows | null
  readonly header: HeaderRow | null
  readonly definition: { readonly text: string } | null
  readonly list: readonly HeaderRow[]
  readonly children: readonly string[]
  readonly take: RunRows | { readonly owner: Owner } | null
  readonly give: null
  readonly standing: { readonly owner: Owner | null } | null
  readonly wish: { readonly owner: Owner | null } | null
  readonly unknown: readonly string[]
  /** Null where the journal is only read. */
  readonly replace: WholeRunReply | null
  readonly erase: WholeRunReply | null
  readonly close: null
}

/** Why something did not work, as data; the main thread makes an error of it. */
export interface Failure {
  readonly code: 'locked' | 'read-only' | 'full' | 'corrupt' | 'not-a-database' | 'newer-schema' | 'path' | 'io'
  readonly message: string
  readonly help: string | null
}

/** A change that was refused while others of its group were written. */
export type Refusal =
  /** START of a run that exists; its definition and input tell whether it is the same. */
  | { readonly kind: 'exists'; readonly hash: string; readonly input: string }
  /** The run is not this process's, or somebody else has written to it. */
  | { readonly kind: 'lost' }

export type Answer =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** All writes up to `id` are on disk, but for the refusals; or, with a failure, none of those since the answer before. */
  | {
      readonly kind: 'written'
      readonly id: number
      readonly failure: Failure | null
      readonly refusals: readonly { readonly id: number; readonly index: number; readonly refusal: Refusal }[]
    }
  | { readonly kind: 'reply'; readonly id: number; readonly reply: Replies[keyof Replies] }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }
  | ({ readonly kind: 'wish'; readonly run: string } & Wish)
