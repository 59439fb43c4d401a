import type { ErrorInfo } from '@agentloom/workflow'
import { NO_VERDICTS } from '../schedule/verdicts.ts'
import type { RunHeader, RunStatus, StartRun, StepOutput, Verdicts } from '../ports/journal.ts'
import { FORMAT, type JournalRecord } from './record.ts'

/**
 * A live run in memory: what the in-memory and the SQLite journal work on, and the model that the Lua scripts are
 * compared with. Mutable, and changed by the commands of `journal/` only. Everything but `nonce` follows from the records.
 *
 * A step: waiting → ready | undecided → leased → success | failed | timeout, or undecided → skipped.
 * leased → backoff → ready after a failure; leased → expired → leased when its lease ran out. `expired` keeps slot and
 * nonce, so that a late answer of its worker still counts as long as nobody else has claimed the step.
 */
export interface RunState {
  readonly start: StartRun
  readonly createdAtMs: number
  updatedAtMs: number
  status: RunStatus
  error: ErrorInfo | null
  readonly cells: Map<string, StepCell>
  readonly outputs: Map<string, StepOutput>
  readonly records: JournalRecord[]
  /** Nodes not yet resolved; the run is over at 0. */
  unresolved: number
  /** Steps that hold a slot: leased or expired. */
  inFlight: number
  /** Ready steps that wait for a slot, by rank; used in capped runs only. */
  queue: StepCell[]
  spentNanoUsd: number
  budgetNanoUsd: number | null
  /** The failed step that comes first in the order: names the run's error. */
  failure: { readonly rank: number; readonly error: ErrorInfo } | null
}

export type CellStatus =
  | 'waiting'
  | 'undecided'
  | 'ready'
  | 'leased'
  | 'expired'
  | 'backoff'
  | 'success'
  | 'failed'
  | 'timeout'
  | 'skipped'

export interface StepCell {
  readonly stepId: string
  readonly rank: number
  status: CellStatus
  epoch: number
  nonce: string
  failures: number
  isQueued: boolean
  /** Incoming edges that have come. */
  edgeCount: number
  verdicts: Verdicts
}

export function newRun(start: StartRun, nowMs: number): RunState {
  return {
    start,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    status: 'queued',
    error: null,
    cells: new Map(),
    outputs: new Map(),
    records: [],
    unresolved: start.stepCount,
    inFlight: 0,
    queue: [],
    spentNanoUsd: 0,
    budgetNanoUsd: start.budgetNanoUsd,
    failure: null,
  }
}

export function cellOf(run: RunState, stepId: string, rank: number): StepCell {
  const found = run.cells.get(stepId)
  if (found !== undefined) return found
  const cell: StepCell = {
    stepId,
    rank,
    status: 'waiting',
    epoch: 0,
    nonce: '',
    failures: 0,
    isQueued: false,
    edgeCount: 0,
    verdicts: NO_VERDICTS,
  }
  run.cells.set(stepId, cell)
  return cell
}

/** Every status of a run, closed: in the order of its life, then its ends. */
export const RUN_STATUSES = [
  'queued',
  'running',
  'paused',
  'parked',
  'success',
  'failed',
  'timeout',
  'budget_exceeded',
  'cancelled',
] as const satisfies readonly RunStatus[]

export function isOver(status: RunStatus): boolean {
  switch (status) {
    case 'success':
    case 'failed':
    case 'timeout':
    case 'budget_exceeded':
    case 'cancelled':
      return true
    case 'queued':
    case 'running':
    case 'paused':
    case 'parked':
      return false
    default:
      return status satisfies never
  }
}

export function isResolved(status: CellStatus): boolean {
  return status === 'success' || status === 'failed' || status === 'timeout' || status === 'skipped'
}

export function headerOf(run: RunState): RunHeader {
  const { runId, workflow, definition, input, tenant, priority, tags } = run.start
  return {
    runId,
    workflow,
    definition,
    input,
    tenant,
    priority,
    tags,
    status: run.status,
    error: run.error,
    createdAtMs: run.createdAtMs,
    updatedAtMs: run.updatedAtMs,
    format: FORMAT,
  }
}
