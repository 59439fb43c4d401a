/** Where a load finds what it needs. Both are fresh for each process that measures. */
export interface Place {
  /** `redis://…` of an empty server. */
  readonly redis: string
  /** An empty folder on a real disk. */
  readonly folder: string
}

/** One way to get a chain of no-op steps done; its connections are open and its worker is running. */
export interface Load {
  /** Starts a chain of `length` steps and resolves when its last step is done and that is recorded. */
  run(length: number): Promise<void>
  close(): Promise<void>
}

export interface LoadKind {
  readonly key: string
  /** What the row says. */
  readonly title: string
  /** Whether its steps are recorded in Redis (whose fsync policy is the bench's option) or in SQLite. */
  readonly store: 'redis' | 'sqlite'
  /** The longest chain that it takes; longer ones are left out of its row. */
  readonly stepsMax?: number
  open(place: Place): Promise<Load>
}

/** Steps in work at once, for every row that has workers: agentloom's own default. */
export const CONCURRENCY = 64
