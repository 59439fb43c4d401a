import type { Argument, Broken, StepCommon, SubworkflowStep } from '../../plan/plan.ts'
import type { StepText } from '../../schema/workflow-schema.ts'
import { TemplateSyntaxError } from '../../template/errors.ts'
import { parseArgument } from '../../state/argument.ts'
import { StatePathError } from '../../state/errors.ts'
import type { Value } from '../../value/value.ts'
import type { StepContext } from './context.ts'

export function subworkflowStep(common: StepCommon, step: StepText, context: StepContext): SubworkflowStep {
  return {
    ...common,
    type: 'subworkflow',
    child: context.childOf(step, context.path),
    isIsolated: step.isolated_state,
    input: inputOf(step, context),
    returnKeys: step.return_keys,
  }
}

function inputOf(step: StepText, context: StepContext): { readonly [name: string]: Argument | Broken } {
  const { sharedChildHasParentsStateOnly, childInputIsLiteral } = context.compat
  const input: Record<string, Argument> = {}
  if (sharedChildHasParentsStateOnly && !step.isolated_state) return input
  for (const [name, value] of Object.entries(step.input ?? {})) {
    input[name] = childInputIsLiteral ? { kind: 'literal', value } : inputAt(name, value, context)
  }
  return input
}

/** The reference passes texts on as they are: one that is no template is no mistake. */
function inputAt(name: string, value: Value, { path, findings }: StepContext): Argument {
  try {
    return parseArgument(value, { isRecursive: true, hasSecrets: false })
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError) && !(error instanceof StatePathError)) throw error
    const { code, message, help } = error
    findings.warn(code, [...path, 'input', name], `${message}; it is passed on as it is written`, { help })
    return { kind: 'literal', value }
  }
}
