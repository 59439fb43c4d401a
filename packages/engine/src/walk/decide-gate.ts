import { isBroken, writeValue, type Plan } from '@agentloom/workflow'
import { decisionSignal, visitOf } from '../execute/kept-decision.ts'
import { openChildren } from '../fold/run-tree.ts'
import { isOver } from '../journal/run-state.ts'
import { foldSteps, type StepFold } from '../fold/step-fold.ts'
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

export type DecisionRefusal = Extract<DecideReply, { readonly outcome: 'refused' }>

interface Gate {
  readonly runId: string
  readonly stepId: string
  readonly path: string
}

/** Decides a gate of a run or of a child run. The same decision twice is one. */
export async function decideGate(parts: TreeParts, { runId, path, decision, by }: Decision): Promise<DecideReply> {
  const loaded = await parts.journal.load(runId)
  if (loaded === null) return { outcome: 'refused', reason: 'unknown-run', gates: [] }
  const { gate, gates } = await gateAt(parts, loaded, path)
  if (gate === null) return noGate(loaded, gates)
  if (gate.runId !== runId && (await parts.plans.get(loaded.header.definition)).compat.decisionRestartsChild)
    return restartChild(parts, loaded, gate, decision)
  const reply = await parts.journal.wake({ ...gate, wake: { kind: 'decided', decision, by } })
  if (reply.outcome === 'refused') return { ...reply, gates }
  if (gate.runId !== runId && isValid(decision))
    await parts.journal.signal(
      runId,
      decisionSignal(visitOf(loaded.records, gate.path), gate.path),
      writeValue(decision),
    )
  await parts.follower.woken(gate.runId, reply)
  return { outcome: 'decided', path: gate.path }
}

/** Others fail the gate, so that it must be asked again. */
function isValid(decision: string): boolean {
  return decision === 'approved' || decision === 'rejected'
}

/** As the reference engine: the child begins again, and finds the decision when it comes to the gate. */
async function restartChild(
  parts: TreeParts,
  { header, records }: LoadedRun,
  gate: Gate,
  decision: string,
): Promise<DecideReply> {
  const child = openChildren({ header, records }).find(({ stepId }) => gate.path.startsWith(`${stepId}.`))
  await parts.journal.signal(header.runId, decisionSignal(1, gate.path), writeValue(decision))
  if (child === undefined) return { outcome: 'decided', path: gate.path }
  const { isDone } = await parts.journal.cancel(child.runId, 'a decision starts it again')
  if (isDone) await parts.follower.ended(child.runId, 'cancelled')
  return { outcome: 'decided', path: gate.path }
}

/** Why nothing of this name can be decided in the run, now or later; null where it can be tried. */
export async function gateRefusal(
  parts: TreeParts,
  loaded: LoadedRun,
  path: string | null,
): Promise<DecisionRefusal | null> {
  const { gate, gates } = await gateAt(parts, loaded, path)
  if (gate !== null) return null
  const plan = await parts.plans.get(loaded.header.definition)
  return path !== null && hasGate(plan, path) ? null : noGate(loaded, gates)
}

function hasGate(plan: Plan, path: string): boolean {
  const node = plan.byId.get(path)
  if (node !== undefined) return node.step.type === 'approval_gate'
  const dot = path.indexOf('.') // where there are child runs, no step's id has one
  const child = dot < 0 ? undefined : plan.byId.get(path.slice(0, dot))?.step
  return child?.type === 'subworkflow' && !isBroken(child.child) && hasGate(child.child, path.slice(dot + 1))
}

/**
 * Decides a gate, or keeps the decision until the gate is reached. To be called before what leads there is rung for:
 * a gate looks for what was kept once.
 */
export async function decideOrKeep(parts: TreeParts, decision: Decision): Promise<DecideReply> {
  const reply = await decideGate(parts, decision)
  const { runId, path } = decision
  const isEarly = reply.outcome === 'refused' && (reply.reason === 'no-gate' || reply.reason === 'not-waiting')
  if (!isEarly || path === null) return reply
  const loaded = await parts.journal.load(runId)
  if (loaded === null || isResolved(foldSteps(runId, loaded.records).get(path))) return reply
  const name = decisionSignal(visitOf(loaded.records, path), path)
  const kept = await parts.journal.signal(runId, name, writeValue(decision.decision))
  if (kept.outcome === 'kept') return { outcome: 'decided', path }
  return kept.reason === 'signalled-otherwise' ? { ...reply, reason: 'decided' } : reply
}

function isResolved(fold: StepFold | undefined): boolean {
  return fold?.status === 'success' || fold?.status === 'skipped'
}

function noGate({ header }: LoadedRun, gates: readonly string[]): DecisionRefusal {
  return { outcome: 'refused', reason: isOver(header.status) ? 'run-over' : 'no-gate', gates }
}

async function gateAt(
  parts: TreeParts,
  loaded: LoadedRun,
  path: string | null,
): Promise<{ readonly gate: Gate | null; readonly gates: readonly string[] }> {
  const waiting = await waitingGates(parts, loaded)
  const only = waiting.length === 1 ? waiting[0] : undefined
  const found = path === null ? only : (waiting.find((one) => one.path === path) ?? (await stepAt(parts, loaded, path)))
  return { gate: found ?? null, gates: waiting.map((gate) => gate.path) }
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
