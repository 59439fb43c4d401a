import {
  CLEANUP_STEP,
  writeValue,
  type Plan,
  type SubworkflowStep,
  type Value,
  type ValueMap,
} from '@agentloom/workflow'
import { plainView, type RunView } from '../fold/run-view.ts'
import { viewTree } from '../fold/run-tree.ts'
import { closingOf } from '../fold/closing.ts'
import { isOver } from '../journal/run-state.ts'
import type { Journal, LoadedRun, ParentStep, RunHeader } from '../ports/journal.ts'
import { planResume } from '../schedule/resume.ts'
import { startCommand } from '../start.ts'
import { StepAbortedError } from '../walk/held.ts'
import type { Attempt, Executors, SpentUsage, StepResult, StepWait } from './attempt.ts'
import { ChildRunError } from './child-run-error.ts'
import { childCount, childRunId } from './child-run-id.ts'
import { StepTimedOutError, whole } from './failure.ts'
import { resolveArguments } from './tool.ts'

/** Ends a run because its parent's ended: it goes on when the parent does. Any other cancel is for good. */
export const PARENT_ENDED = 'run/parent-ended'

/**
 * One attempt is one child run: it is started, the step waits without a worker, and whoever ends the child wakes the step,
 * which then gives what the child leaves. Idempotent at every point: a worker that takes the step over finds the child.
 */
export async function runSubworkflow(
  executors: Executors,
  attempt: Attempt,
  step: SubworkflowStep,
): Promise<StepResult | StepWait> {
  const plan = whole(step.child)
  const { journal, node, header } = attempt
  const isFirst = attempt.visit === 1 && attempt.number === 1
  const loaded =
    isFirst && attempt.wake === null && attempt.held.claim.epoch === 1 ? null : await journal.load(header.runId)
  const restarts = attempt.plan.compat.decisionRestartsChild
  const count = loaded === null ? 1 : childCount(loaded.records, node.id, { restarts })
  const at: At = { executors, attempt, step, plan, parent: parentOf(header, node.id), count }
  const runId = childRunId(at.parent, node.id, count)
  const child = loaded === null ? null : await journal.load(runId)
  const isAhead = child === null || isCutOff(child.header) || isHeld(child)
  if (!isAhead && isOver(child.header.status)) return conclude(at, child)
  executors.observe({ kind: 'child-started', runId: header.runId, stepId: node.id, childRunId: runId })
  if (child === null) await start(at, runId, loaded)
  else if (isAhead) await goOn(at, child)
  if (attempt.held.reason !== null) await leave(attempt, runId)
  return { wait: { kind: 'child', runId } }
}

interface At {
  readonly executors: Executors
  readonly attempt: Attempt
  readonly step: SubworkflowStep
  readonly plan: Plan
  readonly parent: ParentStep
  readonly count: number
}

async function start(
  { executors, attempt, step, plan, parent, count }: At,
  runId: string,
  own: LoadedRun | null,
): Promise<void> {
  const { journal, follower, header } = attempt
  if (count > 1) {
    const before = childRunId(parent, step.id, count - 1)
    await journal.cancel(before, `step ${step.id} has begun anew`) // refused where it is over, as it should be
  }
  const { tenant, priority, tags } = header
  const budgetNanoUsd = least(plan.config.budgetNanoUsd, await budgetLeft(attempt, own))
  const timeoutMs = least(plan.config.timeoutMs, step.timeoutMs)
  const inputValue = await inputOf(executors, attempt, step)
  const command = startCommand(plan, { runId, parent, tenant, priority, tags, budgetNanoUsd, timeoutMs, inputValue })
  if (attempt.held.reason !== null) throw new StepAbortedError(attempt.held.reason)
  const { offers } = await journal.start(command)
  await follower.ring({ plan, priority }, offers)
  if (plan.nodes.length === 0) await follower.ended(runId, 'success')
}

/** The parent was ended above the child, or its process died before the step waited for it; now it goes on. */
async function goOn({ attempt, plan }: At, child: LoadedRun): Promise<void> {
  const { journal, follower } = attempt
  const { budgetNanoUsd, timeoutMs, priority } = child.header
  const planned = planResume(plan, child, { reason: 'its parent run goes on' })
  const command = planned === null ? null : { ...planned, budgetNanoUsd, timeoutMs }
  if (command === null) return
  const reply = await journal.reopen(command)
  if (reply.outcome === 'refused') return
  await follower.ring({ plan, priority }, reply.offers)
  await follower.decide({ plan, priority }, reply.undecided)
}

/** The step was given up while the child began. */
async function leave({ journal, header, held }: Attempt, childRunId: string): Promise<void> {
  if (held.reason === 'pause') await journal.pause(childRunId, 'its parent run is paused')
  else await endOrphan(journal, header.runId, childRunId)
}

/** Ends a child run that its parent's end has missed: the step had started it, and did not yet wait for it. */
export async function endOrphan(journal: Journal, runId: string, childRunId: string): Promise<void> {
  const loaded = await journal.load(runId)
  if (loaded === null) return
  const { status } = loaded.header
  if (isOver(status) || closingOf(loaded.records) !== null)
    await journal.cancel(childRunId, `its parent run ended: ${status}`, PARENT_ENDED)
}

async function conclude({ attempt, step, plan }: At, child: LoadedRun): Promise<StepResult> {
  const view = await viewTree(attempt.journal, attempt.plans, child)
  const { status, runId, error } = view // as the child's plan sees it: under compat a time-out is no failure
  const usage: SpentUsage = { tokens: view.tokens, costNanoUsd: view.costNanoUsd, model: null, provider: null }
  const output = picked(view.state, step.returnKeys)
  if (status === 'success' || (status === 'budget_exceeded' && isComplete(view, plan))) return { output, usage }
  if (status === 'timeout' && step.timeoutMs !== null)
    return { failure: new StepTimedOutError(step.id, step.timeoutMs), usage }
  // A budget that is spent and a child that somebody cancelled would end the same way again.
  const retryable = status === 'failed' || status === 'timeout'
  return { failure: new ChildRunError(runId, error, { output: writeValue(output), retryable }), usage }
}

/** It did all that it had to within its own budget: what its last step overspent is the parent's, which ends for that itself. */
function isComplete({ steps, costNanoUsd }: RunView, { nodes, config }: Plan): boolean {
  const isWithin = config.budgetNanoUsd === null || costNanoUsd <= config.budgetNanoUsd
  return (
    isWithin &&
    steps.length === nodes.length &&
    steps.every(({ status }) => status === 'success' || status === 'skipped')
  )
}

/** Paused as a whole, and not only by its gates. */
function isHeld({ header, records }: LoadedRun): boolean {
  if (header.status !== 'paused') return false
  return (
    records.findLast(({ kind }) => kind === 'paused' || kind === 'reopened' || kind === 'closing')?.kind === 'paused'
  )
}

function isCutOff({ status, error }: RunHeader): boolean {
  return status === 'cancelled' && error?.code === PARENT_ENDED
}

async function inputOf(executors: Executors, attempt: Attempt, step: SubworkflowStep): Promise<ValueMap> {
  if (step.id === CLEANUP_STEP && attempt.plan.cleanup !== null) return finalState(attempt)
  const input: { [key: string]: Value } = Object.create(null)
  if (!step.isIsolated) Object.assign(input, attempt.state())
  return Object.assign(input, await resolveArguments(executors, step.input, attempt))
}

/** Unredacted: what cleans up works with what there was. */
async function finalState({ journal, header, plan }: Attempt): Promise<ValueMap> {
  const loaded = await journal.load(header.runId)
  return loaded === null ? {} : plainView(plan, loaded).state
}

/** Nano-dollars, or null without a budget. */
async function budgetLeft({ journal, header, plan }: Attempt, own: LoadedRun | null): Promise<number | null> {
  const budget = header.budgetNanoUsd
  if (budget === null) return null
  const loaded = own ?? (await journal.load(header.runId))
  return loaded === null ? budget : Math.max(0, budget - plainView(plan, loaded).costNanoUsd)
}

function least(a: number | null, b: number | null): number | null {
  if (a === null) return b
  return b === null ? a : Math.min(a, b)
}

function picked(state: ValueMap, keys: readonly string[] | null): ValueMap {
  if (keys === null) return state
  return Object.fromEntries(keys.flatMap((key) => (Object.hasOwn(state, key) ? [[key, state[key] ?? null]] : [])))
}

function parentOf({ runId, parent }: RunHeader, stepId: string): ParentStep {
  return { runId, stepId, rootRunId: parent?.rootRunId ?? runId }
}
