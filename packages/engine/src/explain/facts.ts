import type { Plan } from '@agentloom/workflow'
import type { LoadedRun } from '../ports/journal.ts'

/** A run with the child runs that its open steps wait for, by step id. */
export interface RunTree {
  readonly loaded: LoadedRun
  readonly plan: Plan
  readonly children: ReadonlyMap<string, RunTree>
}

/** What is known beside the records, at one moment. */
export interface Facts {
  /** Milliseconds since 1970 by the store's clock. */
  readonly nowMs: number
  /** Null where a run is executed by the process that started or resumed it. */
  readonly workers: readonly WorkerFact[] | null
  /** That process, where `workers` is null and one has the run. */
  readonly owner: string | null
  /** When the store looks at a step again: the end of its lease, of a wait, or the next bell. */
  dueAtMs(runId: string, stepId: string): number | null
  /** Jobs that wait in the queue of a pool; null where nobody counts. */
  queued(pool: string): number | null
  /** Keys whose limit the run's steps share and that have no slot left. */
  readonly fullKeys: readonly KeyFact[]
}

export interface WorkerFact {
  readonly worker: string
  readonly isSilent: boolean
  readonly beatAtMs: number
  readonly pools: readonly string[]
  /** `name` or `name@version`. */
  readonly handlers: readonly string[]
}

export interface KeyFact {
  readonly key: string
  readonly limit: number
  /** `run/step` of those that hold its slots. */
  readonly holders: readonly string[]
}
