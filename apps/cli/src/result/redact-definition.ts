import { isList, isMapping, redact, type Value, type ValueMap } from '@agentloom/workflow'

/** Keys of a step under which values of the user's stand. */
const STEP_VALUES = ['tool_args', 'input', 'headers'] as const
/** Sub-workflows in sub-workflows; the compiler allows no more. */
const LEVELS_MAX = 16

/**
 * A workflow's text as it may leave the engine: its initial state and what its steps are given are redacted, the format's own keys
 * never are, whatever the patterns match.
 */
export function redactDefinition(workflow: ValueMap, patterns: readonly string[], level = 0): ValueMap {
  if (patterns.length === 0 || level > LEVELS_MAX) return workflow
  const { state, steps, finally: last } = workflow
  const ofStep = (step: Value): Value => redactStep(step, patterns, level)
  return {
    ...workflow,
    ...(state !== undefined && { state: redact(state, patterns) }),
    ...(steps !== undefined && isList(steps) && { steps: steps.map(ofStep) }),
    ...(last !== undefined && isList(last) && { finally: last.map(ofStep) }),
  }
}

function redactStep(step: Value, patterns: readonly string[], level: number): Value {
  if (!isMapping(step)) return step
  const { notify, workflow_inline: inline, step: body, compensate } = step
  const values = STEP_VALUES.flatMap((key) => {
    const value = step[key]
    return value === undefined ? [] : [[key, redact(value, patterns)] as const]
  })
  return {
    ...step,
    ...Object.fromEntries(values),
    ...(notify !== undefined && { notify: redactStep(notify, patterns, level) }),
    ...(body !== undefined && { step: redactStep(body, patterns, level) }),
    ...(compensate !== undefined && { compensate: redactStep(compensate, patterns, level) }),
    ...(inline !== undefined &&
      isMapping(inline) && { workflow_inline: redactDefinition(inline, patterns, level + 1) }),
  }
}
