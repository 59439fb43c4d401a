/** Time, handed in so that a seed replays a failure. */
export interface Clock {
  /** Milliseconds since 1970. For display and records; leases and timers use the journal's own time. */
  now(): number
  /** Milliseconds, never going back; only differences mean anything. */
  monotonic(): number
  /** Calls once after `ms` (any length), unless the returned function is called before. Does not keep a process alive alone. */
  after(ms: number, call: () => void): () => void
  /** Resolves after `ms`, or rejects with the signal's reason. Any length. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Uniform in [0, 1). */
export type Random = () => number
