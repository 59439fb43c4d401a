import { CLEANUP_STEP, parseValue, type ErrorInfo, type Plan, type Value, type ValueMap } from '@agentloom/workflow'
import { isOver } from '../journal/run-state.ts'
import type { LoadedRun, RunStatus, Wait } from '../ports/journal.ts'
import { failedStepOf, skipMessage } from '../schedule/cause.ts'
import { compatView } from './compat.ts'
import { redactView } from './redact-view.ts'
import { foldState, type Left } from './state.ts'
import { foldSteps, type StepFold } from './step-fold.ts'

export type StepStatus =
  | 'success'
  | 'failed'
  | 'skipped'
  | 'timeout'
  | 'paused'
  | 'waiting'
  | 'ready'
  | 'running'
  | 'parked'

export interface StepView {
  readonly id: string
  readonly status: StepStatus
  readonly output: Value
  readonly error: ErrorInfo | null
  readonly tokens: number
  readonly costNanoUsd: number
  readonly durationMs: number
  readonly attempts: number
  readonly model: string | null
  readonly provider: string | null
  /** Full names of the gates that it waits for: its own, or those inside its child run (`step.gate`). Empty if it waits for none. */
  readonly waitingAt: readonly string[]
}

/** A run as its records tell it, at any time of its life. The same records give the same view for ever. */
export interface RunView {
  readonly runId: string
  readonly workflow: string
  readonly status: RunStatus
  /** In the plan's order; steps of which nothing is decided yet are not listed, nor those that the end of the run cut off. */
  readonly steps: readonly StepView[]
  readonly state: ValueMap
  readonly overlaps: readonly string[]
  readonly tokens: number
  readonly costNanoUsd: number
  readonly durationMs: number
  readonly error: ErrorInfo | null
}

/** Views of the child runs that open steps wait for, by step id; see `viewTree`. */
export type ChildViews = ReadonlyMap<string, RunView>

/**
 * What leaves the engine: redacted by the plan's patterns.
 * @throws {CorruptJournalError} when the records exclude one another
 */
export function viewRun(plan: Plan, loaded: LoadedRun, children: ChildViews = new Map()): RunView {
  const view = plainView(plan, loaded, children)
  return plan.redact.length === 0 ? view : redactView(view, plan.redact, [plan.state, parseInput(loaded.header.input)])
}

/** With the real values: for the engine's own use. */
export function plainView(plan: Plan, loaded: LoadedRun, children: ChildViews = new Map()): RunView {
  const { header, records } = loaded
  const folds = foldSteps(header.runId, records)
  const steps: StepView[] = []
  const left: Left[] = []
  const isAtRest = isOver(header.status)
  for (const node of plan.nodes) {
    const fold = folds.get(node.id)
    if (fold === undefined || (isAtRest && !isResolved(fold))) continue
    steps.push(viewStep(plan, node.id, fold, children.get(node.id)))
    if (fold.output !== null)
      left.push({ node, status: fold.status === 'success' ? 'success' : 'failed', output: fold.output })
  }
  const cleanup = plan.cleanup === null ? undefined : folds.get(CLEANUP_STEP)
  // Its output repeats the state, which it has to work on and cannot change.
  if (cleanup !== undefined)
    steps.push(viewStep(plan, CLEANUP_STEP, { ...cleanup, output: null }, children.get(CLEANUP_STEP)))
  // Attempts of steps that were cut off are paid for, too, and so are the child runs of such steps.
  const spent = [...[...folds.values()].map(({ usage }) => usage), ...children.values()]
  const folded = { input: parseInput(header.input), left }
  const view = {
    runId: header.runId,
    workflow: header.workflow,
    status: header.status,
    steps,
    ...foldState(plan, folded.input, left),
    tokens: sum(spent, ({ tokens }) => tokens),
    costNanoUsd: sum(spent, ({ costNanoUsd }) => costNanoUsd),
    durationMs: Math.max(0, (records.at(-1)?.atMs ?? header.createdAtMs) - header.createdAtMs),
    error: header.error,
  }
  return compatView(plan, view, folded)
}

function isResolved({ status }: StepFold): boolean {
  return status === 'success' || status === 'failed' || status === 'timeout' || status === 'skipped'
}

function viewStep(plan: Plan, id: string, fold: StepFold, child: RunView | undefined): StepView {
  const { usage, cause, wait } = fold
  return {
    id,
    status: fold.status === 'backoff' ? 'waiting' : fold.status,
    output: fold.output === null ? null : parseValue(fold.output),
    error: cause !== null ? skipError(plan, cause) : wait?.kind === 'parked' ? parkedError(id, wait) : fold.error,
    tokens: usage.tokens + (child?.tokens ?? 0),
    costNanoUsd: usage.costNanoUsd + (child?.costNanoUsd ?? 0),
    durationMs: usage.durationMs,
    attempts: fold.attempts,
    model: usage.model,
    provider: usage.provider,
    waitingAt: wait?.kind === 'gate' ? [id] : gatesOf(child).map((gate) => `${id}.${gate}`),
  }
}

function gatesOf(view: RunView | undefined): readonly string[] {
  return view === undefined || isOver(view.status) ? [] : view.steps.flatMap(({ waitingAt }) => waitingAt)
}

/** Why the step does not go on, as long as it does not. */
function parkedError(id: string, { reason, message }: Extract<Wait, { readonly kind: 'parked' }>): ErrorInfo {
  return { code: `parked/${reason}`, message, place: `steps.${id}`, help: null }
}

function skipError(plan: Plan, cause: number): ErrorInfo | null {
  const message = skipMessage(plan, cause)
  if (message === null) return null
  return { code: 'step/upstream', message, place: `steps.${failedStepOf(plan, cause)?.id}`, help: null }
}

/** The input of a run as START stored it: a mapping, checked when it came in. */
export function parseInput(text: string): ValueMap {
  const value = parseValue(text)
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new Error('the stored input is not a mapping')
  return value as ValueMap
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
