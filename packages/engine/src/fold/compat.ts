// What a plan under compat shows otherwise: see Compat in @agentloom/workflow.
import {
  isList,
  isMapping,
  parseValue,
  readPath,
  redact,
  StateDraft,
  StateWriteError,
  type Plan,
  type PlanNode,
  type StatePath,
  type Value,
  type ValueMap,
} from '@agentloom/workflow'
import { holdsGate } from '../schedule/compat.ts'
import type { RunView, StepView } from './run-view.ts'
import { foldState, type Left } from './state.ts'

/** What a state is folded from. */
interface Folded {
  readonly input: ValueMap
  readonly left: readonly Left[]
}

/** A view as the reference would give it. */
export function compatView(plan: Plan, view: RunView, folded: Folded): RunView {
  const { sharesOutputs, timeoutIsNoFailure, keepsPartialPaths } = plan.compat
  const outputs = sharesOutputs ? sharedOutputs(plan, folded) : new Map<string, Value>()
  const isTimeoutOnly = view.status === 'failed' && view.steps.every(({ status }) => status !== 'failed')
  return {
    ...view,
    ...(timeoutIsNoFailure && isTimeoutOnly && { status: 'success', error: null }),
    steps: view.steps.map((step) => ({ ...step, output: outputs.get(step.id) ?? step.output })),
    state: withShared(keepsPartialPaths ? withPartialPaths(plan, view) : view.state, outputs),
  }
}

/** `gateHidesSecrets`: what a step sees that stands behind a gate. Null where it sees what any step sees. */
export function stateBehindGate(plan: Plan, node: PlanNode, { input, left }: Folded): ValueMap | null {
  if (!plan.compat.gateHidesSecrets || plan.redact.length === 0) return null
  const gateLayer = plan.nodes.reduce(
    (last, gate) => (gate.layer < node.layer && holdsGate(gate) ? Math.max(last, gate.layer) : last),
    -1,
  )
  if (gateLayer === -1) return null
  const isBefore = (entry: Left): boolean => entry.node.layer <= gateLayer
  const { state } = foldState(plan, input, left.filter(isBefore))
  const after = left.filter((entry) => !isBefore(entry))
  return foldState({ ...plan, state: {} }, redact(state, plan.redact), after).state
}

/** `sharesOutputs`: the output of a step and the value under its `output` are one thing, until another is put there. */
function sharedOutputs(plan: Plan, { input, left }: Folded): ReadonlyMap<string, Value> {
  const shared = new Map<string, Value>()
  const owned = new Map<string, StatePath>()
  const draft = new StateDraft({ ...plan.state, ...input })
  const part = (id: string, path: StatePath): void => {
    const value = readPath(draft.state, path)
    if (value !== undefined) shared.set(id, value)
    owned.delete(id)
  }
  for (const { node, status, output } of left) {
    const path = node.step.output
    if (status !== 'success' || path === null || 'broken' in path) continue
    for (const [id, other] of owned) if (isAtOrAbove(path, other)) part(id, other)
    try {
      draft.write(path, parseValue(output))
      owned.set(node.id, path)
    } catch (error) {
      if (!(error instanceof StateWriteError)) throw error
    }
  }
  for (const [id, path] of owned) part(id, path)
  return shared
}

function withShared(state: ValueMap, outputs: ReadonlyMap<string, Value>): ValueMap {
  const draft = new StateDraft(state)
  for (const [id, output] of outputs)
    if (isMapping(output) || isList(output))
      draft.write({ text: `steps.${id}.output`, segments: ['steps', id, 'output'] }, output)
  return draft.state
}

function isAtOrAbove(path: StatePath, other: StatePath): boolean {
  return path.segments.every((segment, at) => other.segments[at] === segment)
}

/** `keepsPartialPaths`: the mappings that a write made before it failed. */
function withPartialPaths(plan: Plan, { state, steps }: RunView): ValueMap {
  const draft = new StateDraft(state)
  for (const step of steps) {
    const output = plan.byId.get(step.id)?.step.output
    if (!failedToWrite(step) || output === undefined || output === null || 'broken' in output) continue
    for (const [at, segment] of output.segments.slice(0, -1).entries()) {
      if (typeof segment === 'number') break
      const path = { text: output.text, segments: output.segments.slice(0, at + 1) }
      const found = readPath(draft.state, path)
      if (found !== undefined && !isMapping(found)) break
      if (found === undefined) draft.write(path, {})
    }
  }
  return draft.state
}

function failedToWrite({ error }: StepView): boolean {
  return error?.code === 'state/write'
}
