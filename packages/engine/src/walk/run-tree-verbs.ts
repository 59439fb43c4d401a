import { childCount, childRunId } from '../execute/child-run-id.ts'
import { openChildren } from '../fold/run-tree.ts'
import { foldSteps } from '../fold/step-fold.ts'
import { isOver } from '../journal/run-state.ts'
import type { LoadedRun, ReopenRun, RunStatus, RunTransition, SignalReply } from '../ports/journal.ts'
import { StartOptionError } from '../start-option-error.ts'
import { signalNameProblem } from '../execute/wait-for.ts'
import { planResume } from '../schedule/resume.ts'
import { unparkTree } from './unpark.ts'
import { decideOrKeep, gateRefusal, type DecideReply, type DecisionRefusal, type TreeParts } from './decide-gate.ts'

/** Verbs on a run that concern the child runs below it, too. Each is a chain of single commands, every one safe to repeat. */

/** Holds the run and everything below it. */
export async function pauseTree(
  parts: Pick<TreeParts, 'journal'>,
  runId: string,
  reason: string,
): Promise<RunTransition> {
  const transition = await parts.journal.pause(runId, reason)
  const loaded = transition.status === null ? null : await parts.journal.load(runId)
  if (loaded === null || isOver(loaded.header.status)) return transition
  for (const child of openChildren(loaded)) await pauseTree(parts, child.runId, reason)
  return transition
}

/**
 * Gives a signal to the run and to everything below it. What starts later below it asks the run at the top.
 * @param payload JSON text @throws {StartOptionError} `run/bad-option`: the name
 */
export async function signalTree(parts: TreeParts, runId: string, name: string, payload: string): Promise<SignalReply> {
  const problem = signalNameProblem(name)
  if (problem !== null) throw new StartOptionError('signal', problem)
  const reply = await parts.journal.signal(runId, name, payload)
  if (reply.outcome === 'refused') return reply
  await parts.follower.woken(runId, reply)
  const loaded = await parts.journal.load(runId)
  for (const childId of loaded === null ? [] : await begunChildren(parts, loaded))
    await signalTree(parts, childId, name, payload)
  return reply
}

/** Child runs of steps that wait, or that have perhaps just started one. */
async function begunChildren({ plans }: TreeParts, loaded: LoadedRun): Promise<readonly string[]> {
  const { runId, parent, definition } = loaded.header
  const plan = await plans.get(definition)
  const at = { runId, rootRunId: parent?.rootRunId ?? runId }
  const starting = [...foldSteps(runId, loaded.records)].flatMap(([stepId, { status }]) => {
    const isStarting = status === 'running' && plan.byId.get(stepId)?.step.type === 'subworkflow'
    return isStarting
      ? [childRunId(at, stepId, childCount(loaded.records, stepId, { restarts: plan.compat.decisionRestartsChild }))]
      : []
  })
  return [...new Set([...openChildren(loaded).map((child) => child.runId), ...starting])]
}

export interface GateDecision {
  /** Full name of the gate, `gate` or `step.gate`; null for the only one that waits. */
  readonly path: string | null
  /** `approved` or `rejected`; anything else fails the gate. */
  readonly decision: string
}

export interface ResumeTreeOptions {
  readonly reason: string
  /** Replaces the workflow's budget, nano-dollars. */
  readonly budgetNanoUsd?: number
  readonly decisions?: readonly GateDecision[]
  /** Who decides. */
  readonly by?: string | null
  /** False where the parked steps that were to try again have been told already. Default true. */
  readonly unparks?: boolean
}

/**
 * `nothing`: the run succeeded, there is nothing to run again. `refused`: cancelled, still running, unknown, or changed meanwhile.
 * A run that is at work takes decisions all the same.
 */
export interface ResumeTreeReply {
  readonly outcome: 'resumed' | 'nothing' | 'refused'
  /** Of the run before; null where there is none. */
  readonly status: RunStatus | null
  /** In the order of the decisions. */
  readonly decided: readonly DecideReply[]
  /** The decision that names no gate: it refuses the whole, before anything is changed. */
  readonly refusal?: { readonly path: string | null } & DecisionRefusal
}

/** Lets a run and what is below it go on: what failed runs again, gates stay and get the decisions that are given. */
export async function resumeTree(
  parts: TreeParts,
  runId: string,
  options: ResumeTreeOptions,
): Promise<ResumeTreeReply> {
  const loaded = await parts.journal.load(runId)
  if (loaded === null) return { outcome: 'refused', status: null, decided: [] }
  const { status } = loaded.header
  const { decisions = [], by = null, unparks = true } = options
  for (const { path } of decisions) {
    const refusal = await gateRefusal(parts, loaded, path)
    if (refusal !== null) return { outcome: 'refused', status, decided: [], refusal: { path, ...refusal } }
  }
  const decided: DecideReply[] = []
  const decide = async (): Promise<void> => {
    for (const { path, decision } of decisions) decided.push(await decideOrKeep(parts, { runId, path, decision, by }))
  }
  const outcome = await reopenTree(parts, loaded, options, decide)
  if (outcome === 'refused' && !isOver(status)) await decide() // it is at work, and takes decisions all the same
  const unparked = unparks ? await unparkTree(parts, loaded, { by, rings: true }) : 0
  const hasMoved = unparked > 0 || decided.some((reply) => reply.outcome === 'decided')
  return { outcome: outcome === 'refused' && hasMoved ? 'resumed' : outcome, status, decided }
}

async function reopenTree(
  parts: TreeParts,
  loaded: LoadedRun,
  options: ResumeTreeOptions & { readonly moreNanoUsd?: number },
  beforeRing: () => Promise<void> = async () => undefined,
): Promise<ResumeTreeReply['outcome']> {
  const { journal, plans, follower } = parts
  const { runId, definition, priority, status, parent } = loaded.header
  const plan = await plans.get(definition)
  const planned = planResume(plan, loaded, options)
  if (planned === null) return status === 'success' ? 'nothing' : 'refused'
  const reply = await journal.reopen(parent === null ? planned : asBefore(planned, loaded, options))
  if (reply.outcome === 'refused') return 'refused'
  await beforeRing()
  await follower.ring({ plan, priority }, reply.offers)
  await follower.decide({ plan, priority }, reply.undecided)
  const { budgetNanoUsd = null } = options
  const raised = parent === null ? Math.max(0, (budgetNanoUsd ?? 0) - (loaded.header.budgetNanoUsd ?? 0)) : 0
  const moreNanoUsd = options.moreNanoUsd ?? raised
  const now = await journal.load(runId)
  for (const child of now === null ? [] : openChildren(now)) {
    const below = await journal.load(child.runId)
    if (below === null || isOver(below.header.status)) continue
    await reopenTree(parts, below, { reason: options.reason, moreNanoUsd })
    await follower.tellParent(child.runId)
  }
  return 'resumed'
}

/** A child run keeps the limits that its parent gave it, and gets what that has been given more. */
function asBefore(
  planned: ReopenRun,
  { header: { budgetNanoUsd, timeoutMs } }: LoadedRun,
  { moreNanoUsd = 0 }: { readonly moreNanoUsd?: number },
): ReopenRun {
  return { ...planned, budgetNanoUsd: budgetNanoUsd === null ? null : budgetNanoUsd + moreNanoUsd, timeoutMs }
}
