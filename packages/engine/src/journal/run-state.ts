import type { ErrorInfo } from '@agentloom/workflow'
import type { Closing } from '../fold/closing.ts'
import { NO_VERDICTS } from '../schedule/verdicts.ts'
import type {
  RunConcurrency,
  RunHeader,
  RunLabel,
  RunStatus,
  StartRun,
  StepOutput,
  Verdicts,
  Wait,
  Wake,
} from '../ports/journal.ts'
import { FORMAT, type JournalRecord } from './record.ts'

/**
 * A live run in memory: what the in-memory and the SQLite journal work on, and the model that the Lua scripts are
 * compared with. Mutable, and changed by the commands of `journal/` only. Everything but `nonce` follows from the records.
 *
 * A step: waiting → ready | undecided → leased → success | failed | timeout, or undecided → skipped.
 * leased → backoff → ready after a failure; leased → expired → leased when its lease ran out. `expired` keeps slot and
 * nonce, so that a late answer of its worker still counts as long as nobody else has claimed the step.
 * leased → suspended → ready while it waits without a worker (`wait.ts`).
 *
 * A run: queued → running ⇄ paused | parked → its end; `status.ts` says when. Where it has a cleanup step, that one runs
 * between the last of the other steps and the end (`end.ts`), and all other steps are as if the run were over.
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
  /** In force: what START gave, or the last reopening. */
  budgetNanoUsd: number | null
  timeoutMs: number | null
  /** The failed step that comes first in the order: names the run's error. */
  failure: { readonly rank: number; readonly error: ErrorInfo } | null
  /** Decided and not resolved: every status but `waiting` and the four ends. Here and below without the cleanup step. */
  open: number
  /** Of the open steps, those that wait for a human; a child run's own gate counts here, too. */
  gates: number
  /** Of the open steps, those that wait for anything else but a child run at work. */
  parks: number
  /** Payloads by name: the first one stays. */
  readonly signals: Map<string, string>
  /** Paused by a user: holds until the run is reopened, whatever its steps do. */
  isHeld: boolean
  /** It is held because its budget is spent, and shown as `parked`. */
  awaitsBudget: boolean
  /** How the run ends once its cleanup step is resolved. Stays after the end, until the run is reopened. */
  closing: Closing | null
  /** Its own or its parent's; see `turns.ts`. */
  share: RunShare | null
}

/** Its concurrency key, and its place among the runs of that: its root's. */
export interface RunShare extends RunConcurrency {
  readonly turn: number
}

export type CellStatus =
  | 'waiting'
  | 'undecided'
  | 'ready'
  | 'leased'
  | 'expired'
  | 'backoff'
  | 'suspended'
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
  /** Of workers, while they held it in this visit. */
  deaths: number
  isQueued: boolean
  /** Incoming edges that have come. */
  edgeCount: number
  verdicts: Verdicts
  /** 1-based: how often it was reopened, plus one. */
  visit: number
  /** What a suspended step waits for. */
  wait: Wait | null
  /** When it wakes by itself. */
  untilMs: number | null
  /** How the child run stands that it waits for. */
  childStatus: RunStatus | null
  /** What ended its last wait in this visit. */
  wake: Wake | null
  /** Texts that its claim has noted: one that comes again is a repetition. Null as long as there are none. */
  noted: Set<string> | null
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
    timeoutMs: start.timeoutMs,
    failure: null,
    open: 0,
    gates: 0,
    parks: 0,
    signals: new Map(),
    isHeld: false,
    awaitsBudget: false,
    closing: null,
    share: null,
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
    deaths: 0,
    isQueued: false,
    edgeCount: 0,
    verdicts: NO_VERDICTS,
    visit: 1,
    wait: null,
    untilMs: null,
    childStatus: null,
    wake: null,
    noted: null,
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

/** Decided, and not resolved. */
export function isOpen(status: CellStatus): boolean {
  return status !== 'waiting' && !isResolved(status)
}

export function isCleanup(run: RunState, stepId: string): boolean {
  return run.start.cleanup?.stepId === stepId
}

/** Nothing of this step may be started or written any more: its run is over, or only cleans up after itself. */
export function isClosedTo(run: RunState, stepId: string): boolean {
  return isOver(run.status) || (run.closing !== null && !isCleanup(run, stepId))
}

/** What must be known of a run to ring for it. */
export function labelOf({ start: { definition, priority } }: RunState): RunLabel {
  return { definition, priority }
}

export function headerOf(run: RunState): RunHeader {
  const { runId, workflow, definition, input, tenant, priority, tags, parent } = run.start
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
    budgetNanoUsd: run.budgetNanoUsd,
    timeoutMs: run.timeoutMs,
    parent,
  }
}
