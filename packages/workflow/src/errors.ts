/** Base of every error that a user of agentloom can meet. `code` is stable and part of the API; messages are not. */
export abstract class AgentloomError extends Error {
  /** `room/what`, for example `template/syntax`. */
  abstract readonly code: `${string}/${string}`
  /** Whether the same call may succeed when tried again; decided where the failure is seen. */
  abstract readonly retryable: boolean
  /** Where it went wrong: `file:line:column`, a field path, a run and step. Null where the message says it all. */
  readonly place: string | null = null
  /** What to do about it, one sentence, or null. */
  readonly help: string | null = null
}

/** The wire form of an error: journal records, `--json`, HTTP problems and Bull Board's reasons all carry this. */
export interface ErrorInfo {
  readonly code: string
  readonly message: string
  readonly place: string | null
  readonly help: string | null
}
