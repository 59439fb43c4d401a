import { parseValue, StateDraft, StateWriteError, type Plan, type PlanNode, type ValueMap } from '@agentloom/workflow'

/** What a step left behind for others to see; of those that failed only sub-workflows do. */
export interface Left {
  readonly node: PlanNode
  readonly status: 'success' | 'failed'
  /** JSON text. */
  readonly output: string
}

export interface FoldedState {
  readonly state: ValueMap
  /** Steps whose `output` could not be written because of a step that is not ordered with them. */
  readonly overlaps: readonly string[]
}

/**
 * The state that a step sees: of what was left it gets only what it names, so that others have left something must show in
 * `steps` being there. What it does not find below then is missing, like `b` of a branch that was not taken.
 */
export function stateSeenBy(node: PlanNode, plan: Plan, input: ValueMap, left: readonly Left[]): ValueMap {
  const { state } = foldState(plan, input, left)
  const isFirst = node.sources.length === 0
  return isFirst || Object.hasOwn(state, 'steps') || seesAll(node, plan) ? state : { ...state, steps: {} }
}

/** Whether a step reads all that come before it. */
function seesAll({ reads, index, layer }: PlanNode, { nodes }: Plan): boolean {
  const count = reads.length
  if (count === 0 || reads[count - 1] !== count - 1) return false
  return count === index || nodes[count]?.layer === layer
}

/**
 * Initial state and input, then over the steps *in the plan's order* the `output` write and the `steps.<id>` entry
 * (scheduling.md rule 7). The order of `left` is the caller's duty; who was first to finish never matters.
 */
export function foldState(plan: Plan, input: ValueMap, left: readonly Left[]): FoldedState {
  const draft = new StateDraft({ ...plan.state, ...input })
  const overlaps: string[] = []
  for (const { node, status, output } of left) {
    const value = parseValue(output)
    const path = node.step.output
    if (path !== null && !('broken' in path)) {
      try {
        draft.write(path, value)
      } catch (error) {
        if (!(error instanceof StateWriteError)) throw error
        overlaps.push(node.id)
      }
    }
    if (value !== null)
      draft.write({ text: `steps.${node.id}`, segments: ['steps', node.id] }, { output: value, status })
  }
  return { state: draft.state, overlaps }
}
