import { canonicalJson, type Plan, type PlanNode } from '@agentloom/workflow'
import { closingOf } from '../fold/closing.ts'
import { parseInput } from '../fold/run-view.ts'
import { foldState } from '../fold/state.ts'
import { foldSteps, type StepFold } from '../fold/step-fold.ts'
import type { JournalRecord } from '../journal/record.ts'
import { isOver } from '../journal/run-state.ts'
import type { LoadedRun, RunHeader, StartRun } from '../ports/journal.ts'
import type { RestoreRun } from '../ports/whole-runs.ts'
import { failedStepOf } from '../schedule/cause.ts'
import { restartCommand } from '../start.ts'
import { hasSameSources } from './fork.ts'
import { movedCause } from './moved-cause.ts'
import { planDifferences, type PartDifference } from './plan-difference.ts'

/** Why a run cannot follow another definition. */
export interface MigrationProblem {
  readonly kind:
    /** It succeeded or was cancelled: nothing of it is left to do. */
    | 'over'
    /** A worker is at a step. */
    | 'in-flight'
    | 'cleaning-up'
    | 'name'
    /** A step that is done, waits or has failed is no longer there. */
    | 'missing'
    /** A step that is done or waits means something else. */
    | 'changed'
    /** A step that is done or waits would have come behind other steps. */
    | 'edges'
    /** What is done leaves another state. */
    | 'state'
  readonly stepId: string | null
  /** As the user writes it, or null. */
  readonly field: string | null
  readonly message: string
}

export type PlannedMigration =
  | { readonly kind: 'restore'; readonly restore: RestoreRun }
  /** It follows this definition already. */
  | { readonly kind: 'same' }
  | { readonly kind: 'refused'; readonly problems: readonly MigrationProblem[] }

/**
 * The run as it goes on by another plan. What is done stays as it was done: every step that succeeded, was skipped by a
 * routing decision or waits must be there, mean the same and stand behind the same steps, and leave the same state. Whatever has
 * not begun, or has failed and is tried again, may change freely.
 */
export function planMigration(loaded: LoadedRun, from: Plan, to: Plan, nowMs: number): PlannedMigration {
  const { header, records } = loaded
  if (from.hash === to.hash) return { kind: 'same' }
  const moving: Moving = {
    from,
    to,
    folds: foldSteps(header.runId, records),
    differences: meaningDifferences(from, to),
  }
  const problems = [...runProblems(loaded, from, to), ...from.nodes.flatMap((node) => stepProblems(node, moving))]
  if (problems.length === 0) problems.push(...stateProblems(header, moving))
  if (problems.length > 0) return { kind: 'refused', problems }
  const moved = records.map((record) => movedRecord(record, from, to))
  const migrated: JournalRecord = { kind: 'migrated', atMs: nowMs, from: from.hash, to: to.hash }
  const start = movedStart(header, from, to)
  return {
    kind: 'restore',
    restore: {
      start,
      records: [...moved, migrated],
      replaces: records.length,
    },
  }
}

function runProblems({ header, records }: LoadedRun, from: Plan, to: Plan): readonly MigrationProblem[] {
  const problems: MigrationProblem[] = []
  const add = (kind: MigrationProblem['kind'], message: string, field: string | null = null): void =>
    void problems.push({ kind, stepId: null, field, message })
  const isCutOff = header.error?.code === 'run/parent-ended'
  if (header.status === 'success' || (header.status === 'cancelled' && !isCutOff)) add('over', `it is ${header.status}`)
  if (!isOver(header.status) && closingOf(records) !== null) add('cleaning-up', 'it is cleaning up')
  if (from.name !== to.name) add('name', `it is a run of ${from.name}, the file is ${to.name}`, 'name')
  return problems
}

interface Moving {
  readonly from: Plan
  readonly to: Plan
  readonly folds: ReadonlyMap<string, StepFold>
  readonly differences: readonly PartDifference[]
}

function stepProblems(node: PlanNode, { from, to, folds, differences }: Moving): readonly MigrationProblem[] {
  const fold = folds.get(node.id)
  if (fold === undefined) return []
  const stepId = node.id
  if (fold.status === 'running' && fold.wait === null)
    return [
      {
        kind: 'in-flight',
        stepId,
        field: null,
        message: `a worker is at ${stepId}: pause the run, and wait until the step has ended`,
      },
    ]
  const there = to.byId.get(stepId)
  if (there === undefined)
    return [
      { kind: 'missing', stepId, field: null, message: `${stepId} ${saidOf(fold)}, and the file has no such step` },
    ]
  if (!isPinned(from, fold)) return []
  const problems: MigrationProblem[] = differences
    .filter((found) => found.stepId === stepId)
    .map(({ field }) => ({
      kind: 'changed',
      stepId,
      field,
      message: `${stepId} ${saidOf(fold)}, and its ${field ?? 'definition'} is another`,
    }))
  if (problems.length === 0 && !hasSameSources(from, to, there))
    problems.push({
      kind: 'edges',
      stepId,
      field: 'depends_on',
      message: `${stepId} ${saidOf(fold)}, and comes behind other steps now`,
    })
  return problems
}

/** Its result, or what it waits for, counts for what comes. */
function isPinned(plan: Plan, { status, cause, wait, wake }: StepFold): boolean {
  if (status === 'success' || wait !== null) return true
  if (status === 'ready' && wake !== null) return true
  return status === 'skipped' && cause !== null && failedStepOf(plan, cause) === null
}

/** How a step is executed, and not what it does. */
const FREE_FIELDS: ReadonlySet<string> = new Set([
  'name',
  'description',
  'model',
  'temperature',
  'max_tokens',
  'stream',
  'thinking',
  'timeout',
  'retry',
  'queue',
  'priority',
  'cache',
  'max_tool_iterations',
])

function meaningDifferences(from: Plan, to: Plan): readonly PartDifference[] {
  return planDifferences(from, to).filter(({ field }) => field === null || !FREE_FIELDS.has(field))
}

function saidOf({ status, wait }: StepFold): string {
  if (wait !== null) return 'waits'
  switch (status) {
    case 'success':
      return 'is done'
    case 'skipped':
      return 'was skipped'
    case 'failed':
    case 'timeout':
    case 'backoff':
      return 'has failed'
    case 'ready':
    case 'running':
    case 'paused':
    case 'parked':
      return 'has begun'
    default:
      return status satisfies never
  }
}

/** The state that the steps done so far have left, by the one plan and by the other. */
function stateProblems({ input }: RunHeader, { from, to, folds }: Moving): readonly MigrationProblem[] {
  const given = parseInput(input)
  const stateBy = (plan: Plan) => {
    const left = plan.nodes.flatMap((node) => {
      const output = folds.get(node.id)?.output ?? null
      return output === null ? [] : [{ node, status: 'success', output } as const]
    })
    return foldState(plan, given, left).state
  }
  const [before, after] = [stateBy(from), stateBy(to)]
  return Object.keys(before).flatMap((key): readonly MigrationProblem[] => {
    const [a, b] = [before[key], after[key]]
    if (a === undefined || (b !== undefined && canonicalJson(a) === canonicalJson(b))) return []
    return [{ kind: 'state', stepId: null, field: `state.${key}`, message: `the key ${key} of the state is another` }]
  })
}

/** A budget or time-out that a resume or the parent gave stays; the workflow's own follows the file. */
function movedStart(header: RunHeader, from: Plan, to: Plan): StartRun {
  const { budgetNanoUsd, timeoutMs } = header
  const limits = {
    budgetNanoUsd: budgetNanoUsd === from.config.budgetNanoUsd ? to.config.budgetNanoUsd : budgetNanoUsd,
    timeoutMs: timeoutMs === from.config.timeoutMs ? to.config.timeoutMs : timeoutMs,
  }
  return restartCommand(to, { ...header, definition: to.hash, ...limits })
}

function movedRecord(record: JournalRecord, from: Plan, to: Plan): JournalRecord {
  if (record.kind !== 'skipped') return record
  const cause = movedCause(from, to, record)
  return { ...record, cause: cause ?? record.cause }
}
