import {
  endedRun,
  RunNotFoundError,
  type CheckpointedRun,
  type Client,
  type EventOptions,
  type RunEvent,
  type RunStatus,
  type RunView,
} from '@agentloom/bullmq/client'
import { AgentloomError, toPlain, type ErrorInfo, type Value } from '@agentloom/workflow'

/** How a run ended well. Plain values. */
export interface RunResult<Outputs> {
  readonly runId: string
  readonly status: 'success'
  /** What `defineWorkflow` returned, by name; of other workflows, and of a handle from `run(id)`, the steps' outputs by step id. */
  readonly outputs: Outputs
  readonly state: { readonly [key: string]: unknown }
  readonly tokens: number
  readonly costUsd: number
  readonly durationMs: number
}

export interface StepOutputs {
  readonly [stepId: string]: unknown
}

export interface RunHandle<Outputs = StepOutputs> {
  readonly id: string
  /**
   * Waits for the end; woken, not polled. The signal ends the waiting, not the run.
   * @throws {RunFailedError} the run ended otherwise than well · {RunNotFoundError} `run/not-found`
   */
  result(options?: { readonly signal?: AbortSignal }): Promise<RunResult<Outputs>>
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
  /** Where the run failed: the first step in the plan's order that did; null where no step failed it. */
  readonly stepId: string | null
  constructor(run: {
    readonly runId: string
    readonly status: RunStatus
    readonly stepId: string | null
    readonly error: ErrorInfo | null
  }) {
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

const NANO_PER_USD = 1e9

/** Where ended runs are kept when Redis has forgotten them. `new CheckpointStore(folder)` of `@agentloom/embedded` is one. */
export interface Checkpoints {
  /** Null for a run that is not kept there. */
  read(runId: string): Promise<CheckpointedRun | null>
}

export interface Source {
  readonly client: () => Promise<Client>
  readonly checkpoints: Checkpoints | null
}

/**
 * A handle holds nothing but the id; every call asks Redis.
 * @param names keys of the final state that are the run's outputs; null: the steps' outputs are
 */
export function runHandle<Outputs>(
  { client, checkpoints }: Source,
  id: string,
  names: readonly string[] | null,
): RunHandle<Outputs> {
  /** What Redis answers, or else the checkpoint. */
  async function kept<Answer>(ask: () => Promise<Answer | null>): Promise<Answer | RunView> {
    const answer = await ask().catch((error: unknown) => {
      if (error instanceof RunNotFoundError) return null
      throw error
    })
    if (answer !== null) return answer
    const checkpoint = (await checkpoints?.read(id)) ?? null
    const view = checkpoint === null ? null : endedRun(checkpoint)
    if (view === null) throw new RunNotFoundError(id)
    return view
  }
  return {
    id,
    async result({ signal } = {}) {
      const loom = await client()
      const view = await kept(() => loom.result(id, signal))
      if (view.status !== 'success') throw failureOf(view)
      return resultOf(view, names)
    },
    async *events(options) {
      yield* (await client()).events(id, options)
    },
    async cancel(reason = 'cancelled by its producer') {
      return (await (await client()).cancel(id, reason)).isDone
    },
    async status() {
      const loom = await client()
      const { status } = await kept(() => loom.header(id))
      return status
    },
  }
}

function resultOf<Outputs>(view: RunView, names: readonly string[] | null): RunResult<Outputs> {
  const state = entriesOf(Object.entries(view.state))
  const outputs =
    names === null
      ? entriesOf(view.steps.map(({ id, output }) => [id, output]))
      : Object.fromEntries(names.map((name) => [name, state[name] ?? null]))
  return {
    runId: view.runId,
    status: 'success',
    outputs: outputs as Outputs, // the builder's types say what the plan writes there
    state,
    tokens: view.tokens,
    costUsd: view.costNanoUsd / NANO_PER_USD,
    durationMs: view.durationMs,
  }
}

function entriesOf(entries: readonly (readonly [string, Value])[]): { readonly [key: string]: unknown } {
  return Object.fromEntries(entries.map(([key, value]) => [key, toPlain(value)]))
}

function failureOf({ runId, status, error, steps }: RunView): RunFailedError {
  const failed =
    status === 'failed' ? steps.find((step) => step.status === 'failed' || step.status === 'timeout') : null
  return new RunFailedError({ runId, status, error, stepId: failed?.id ?? null })
}

function isCode(text: string | undefined): text is `${string}/${string}` {
  return text !== undefined && text.includes('/')
}
