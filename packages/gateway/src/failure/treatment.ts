/**
 * What each kind of failure means for a call: the one table that decides about trying again. Documented in README.md.
 *
 * - `again`: further tries at the same candidate within one call. More than one multiplies with the step's own retries.
 * - `next`: whether the next candidate is asked. A refusal is not shopped around, and a request that one vendor finds
 *   malformed is malformed everywhere.
 * - `retryable`: whether the step may try the whole call again later.
 */
export interface Treatment {
  readonly again: 0 | 1
  readonly next: boolean
  readonly retryable: boolean
}

export const treatments = {
  /** 429. Again here only where the vendor's hint is short; see `RATE_WAIT_MAX_MS`. */
  'rate-limited': { again: 1, next: true, retryable: true },
  /** Credit or daily quota gone: 402, 429 with insufficient_quota. Waiting does not help. */
  quota: { again: 0, next: true, retryable: false },
  /** 408, 409, 425, 5xx, 529, and the same said in a stream. */
  overloaded: { again: 1, next: true, retryable: true },
  /** Refused connection, DNS, TLS, connect deadline: nothing was sent. */
  unreachable: { again: 1, next: true, retryable: true },
  /** Cut after sending, a stream without a proper finish. May have been billed, hence once more only. */
  interrupted: { again: 1, next: true, retryable: true },
  /** One of our deadlines: first token, idle or total. Again here would double the wait. */
  slow: { again: 0, next: true, retryable: true },
  'not-json': { again: 0, next: true, retryable: true },
  'not-a-stream': { again: 0, next: true, retryable: true },
  /** Bytes that do not decode: wrong length, bad compression, headers without end. */
  'broken-reply': { again: 1, next: true, retryable: true },
  empty: { again: 1, next: true, retryable: true },
  /** Half a surrogate pair in the text: it has no UTF-8, so journal, spool and Redis would disagree about it. */
  character: { again: 0, next: true, retryable: true },
  'too-many-tool-calls': { again: 0, next: true, retryable: true },
  /** A reply beyond our limits; the same request would give it again. */
  'too-large': { again: 0, next: true, retryable: false },
  /** The prompt does not fit the model: 413, context_length_exceeded. */
  'too-long': { again: 0, next: false, retryable: false },
  /** 400, 422 and other 4xx. */
  'bad-request': { again: 0, next: false, retryable: false },
  /** 404: another candidate may serve this model. */
  'unknown-model': { again: 0, next: true, retryable: false },
  /** Something in the request that this provider cannot be told, such as a kind of attachment. */
  unsupported: { again: 0, next: true, retryable: false },
  /** 401, 403. Another candidate has another key. */
  auth: { again: 0, next: true, retryable: false },
  /** Content filter or refusal. Never shopped around. */
  refused: { again: 0, next: false, retryable: false },
  /** 3xx: never followed, or a key could be carried to a stranger. */
  redirect: { again: 0, next: true, retryable: false },
  /** Recorded answers that cannot be read. */
  'mock-file': { again: 0, next: false, retryable: false },
  /** Anything else that a provider throws. */
  failed: { again: 0, next: true, retryable: true },
} as const satisfies Record<string, Treatment>

export type FailureKind = keyof typeof treatments
