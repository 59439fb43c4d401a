import type { Plan } from '@agentloom/workflow'
import { openChildren } from '../fold/run-tree.ts'
import { isOver } from '../journal/run-state.ts'
import { foldSteps } from '../fold/step-fold.ts'
import type { Journal, LoadedRun } from '../ports/journal.ts'
import type { Plans } from '../ports/runtime.ts'
import type { Follower } from './follow.ts'

/** What is needed to act on a run and on the child runs below it. */
export interface TreeParts {
  readonly journal: Journal
  readonly plans: Plans
  readonly follower: Follower
}

export interface Decision {
  /** Of the run at the top, or of any below it. */
  readonly runId: string
  /** Full name of the gate, `gate` or `step.gate`; null for the only one that waits. */
  readonly path: string | null
  /** `approved` or `rejected`; anything else fails the gate. */
  readonly decision: string
  /** Who decides, as given. */
  readonly by: string | null
}

/**
 * `no-gate`: the run has no step of this name, or, without a name, none that waits or several (`gates`). `not-waiting`: the step
 * does not wait for a human now. `decided`: otherwise than before.
 */
export type DecideReply =
  | { readonly outcome: 'decided'; readonly path: string }
  | {
      readonly outcome: 'refused'
      readonly reason: 'unknown-run' | 'run-over' | 'not-waiting' | 'decided' | 'no-gate'
      /** Full names of the gates that wait. */
      readonly gates: readonly string[]
    }

interface Gate {
  readonly runId: string
  readonly stepId: string
  readonly path: string
}

/** Decides a gate of a run or of a child run. The same decision twice is one. */
export async function decideGate(parts: TreeParts, { runId, path, decision, by }: Decision): Promise<DecideReply> {
  const loaded = await parts.journal.load(runId)
  if (loaded === null) return { outcome: 'refused', reason: 'unknown-run', gates: [] }
  const gates = await waitingGates(parts, loaded)
  const paths = gates.map((gate) => gate.path)
  const only = gates.length === 1 ? gates[0] : undefined
  const gate = path === null ? only : (gates.find((one) => one.path === path) ?? (await stepAt(parts, loaded, path)))
  if (gate === undefined)
    return { outcome: 'refused', reason: isOver(loaded.header.status) ? 'run-over' : 'no-gate', gates: paths }
  const reply = await parts.journal.wake({ ...gate, wake: { kind: 'decided', decision, by } })
  if (reply.outcome === 'refused') return { ...reply, gates: paths }
  await parts.follower.woken(gate.runId, reply)
  return { outcome: 'decided', path: gate.path }
}

/** Every step of the tree that waits for a human: gates, and steps that ask whether to go on. */
async function waitingGates(parts: TreeParts, loaded: LoadedRun, prefix = ''): Promise<readonly Gate[]> {
  const { runId, status } = loaded.header
  if (isOver(status)) return []
  const own: Gate[] = []
  for (const [stepId, { wait }] of foldSteps(runId, loaded.records)) {
    const isAsking = wait?.kind === 'gate' || (wait?.kind === 'parked' && wait.reason === 'ask')
    if (isAsking) own.push({ runId, stepId, path: `${prefix}${stepId}` })
  }
  const plan = await parts.plans.get(loaded.header.definition)
  own.sort((a, b) => rankOf(plan, a.stepId) - rankOf(plan, b.stepId))
  for (const { stepId, runId: childRunId } of openChildren(loaded)) {
    const child = await parts.journal.load(childRunId)
    if (child !== null) own.push(...(await waitingGates(parts, child, `${prefix}${stepId}.`)))
  }
  return own
}

function rankOf(plan: Plan, stepId: string): number {
  return plan.byId.get(stepId)?.index ?? plan.nodes.length
}

/** The step of a full name though it does not wait, so that the journal says what is the matter with it. */
async function stepAt(parts: TreeParts, loaded: LoadedRun, path: string, prefix = ''): Promise<Gate | undefined> {
  const plan = await parts.plans.get(loaded.header.definition)
  const { runId } = loaded.header
  if (plan.byId.has(path)) return { runId, stepId: path, path: `${prefix}${path}` }
  for (const { stepId, runId: childRunId } of openChildren(loaded)) {
    if (!path.startsWith(`${stepId}.`)) continue
    const child = await parts.journal.load(childRunId)
    if (child !== null) return stepAt(parts, child, path.slice(stepId.length + 1), `${prefix}${stepId}.`)
  }
  return undefined
}
