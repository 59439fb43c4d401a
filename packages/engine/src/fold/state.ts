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
