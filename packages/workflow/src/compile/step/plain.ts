import type { FunctionStep, RouterStep, StepCommon, ToolStep } from '../../plan/plan.ts'
import type { StepText } from '../../schema/workflow-schema.ts'
import type { ValueMap } from '../../value/value.ts'
import type { StepContext } from './context.ts'
import { argumentsAt, expressionAt, missingPart } from './parts.ts'

/** Seconds; timers hold no more, and nobody waits 24 days. */
const NO_COMMAND_TIMEOUT_S = 2_147_483

export function toolStep(common: StepCommon, step: StepText, context: StepContext): ToolStep {
  return {
    ...common,
    type: 'tool',
    toolName: step.tool_name || missingPart('tool_name', context.path, context.findings),
    args: argumentsAt(toolArgs(step, context), 'tool_args', context, { isRecursive: false }),
  }
}

function toolArgs({ tool_name: name, tool_args: args = {} }: StepText, { compat }: StepContext): ValueMap {
  return compat.ignoresCommandTimeout && name === 'shell_command' ? { ...args, timeout: NO_COMMAND_TIMEOUT_S } : args
}

export function routerStep(common: StepCommon, step: StepText, context: StepContext): RouterStep {
  return {
    ...common,
    type: 'router',
    conditions: (step.conditions ?? []).map(({ expression, target }, index) => ({
      expression: expressionAt(expression, ['conditions', index, 'expression'], context),
      target,
    })),
    defaultTarget: step.default || null,
  }
}

export function functionStep(common: StepCommon, step: StepText, context: StepContext): FunctionStep {
  if (!step.handler) context.findings.error('workflow/schema', [...context.path, 'handler'], '`handler` is missing')
  return {
    ...common,
    type: 'function',
    handler: step.handler ?? '',
    input: argumentsAt(step.input ?? {}, 'input', context, { isRecursive: true }),
  }
}
