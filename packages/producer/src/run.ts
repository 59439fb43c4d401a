import type { EventOptions, RunEvent, RunStatus } from '@agentloom/bullmq/client'
import { AgentloomError, type ErrorInfo } from '@agentloom/workflow'

/** How a run ended well. Plain values. */
export interface RunResult {
  readonly runId: string
  readonly status: 'success'
  readonly state: { readonly [key: string]: unknown }
  /** Outputs of the steps that left one, by step id. */
  readonly outputs: { readonly [stepId: string]: unknown }
  readonly tokens: number
  readonly costUsd: number
  readonly durationMs: number
}

export interface RunHandle {
  readonly id: string
  /**
   * Waits for the end; woken, not polled. The signal ends the waiting, not the run.
   * @throws {RunFailedError} the run ended otherwise than well · {RunNotFoundError} `run/not-found`
   */
  result(options?: { readonly signal?: AbortSignal }): Promise<RunResult>
  /** The run's records from a cursor on, as they are written, until it is over. */
  events(options?: EventOptions): AsyncIterable<RunEvent>
  /** Whether this call ended the run. */
  cancel(reason?: string): Promise<boolean>
  /** @throws {RunNotFoundError} `run/not-found` */
  status(): Promise<RunStatus>
}

/** The run is over and did not succeed. `code` is that of its error; `run/cancelled`, `run/timed-out`, `run/budget-exceeded` among them. */
export class RunFailedError extends AgentloomError {
  override readonly name = 'RunFailedError'
  readonly code: `${string}/${string}`
  readonly retryable = false
  override readonly place: string
  override readonly help: string | null
  readonly runId: string
  readonly status: RunStatus
  /** The failed step that the run's error names, or null. */
  readonly stepId: string | null
  constructor(run: { readonly runId: string; readonly status: RunStatus; readonly stepId: string | null; readonly error: ErrorInfo | null }) {
    const { runId, status, stepId, error } = run
    super(error?.message ?? `the run ended as ${status}`)
    this.code = isCode(error?.code) ? error.code : 'run/failed'
    this.place = error?.place ?? `run ${runId}`
    this.help = error?.help ?? null
    this.runId = runId
    this.status = status
    this.stepId = stepId
  }
}

function isCode(text: string | undefined): text is `${string}/${string}` {
  return text !== undefined && text.includes('/')
}
