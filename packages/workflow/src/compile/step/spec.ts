import type { StepSpec } from '../../plan/plan.ts'
import type { StepText } from '../../schema/workflow-schema.ts'
import { commonParts } from './common.ts'
import type { StepContext } from './context.ts'
import { foreachStep } from './foreach.ts'
import { gateStep } from './gate.ts'
import { llmStep } from './llm.ts'
import { functionStep, routerStep, toolStep } from './plain.ts'
import { subworkflowStep } from './subworkflow.ts'
import { sleepStep, waitStep } from './waiting.ts'

/** A step as written → as the engine runs it, all its texts read. */
export function stepSpec(step: StepText, context: StepContext): StepSpec {
  const common = commonParts(step, context)
  switch (step.type) {
    case 'llm_call':
      return llmStep(common, step, context)
    case 'tool':
      return toolStep(common, step, context)
    case 'router':
      return routerStep(common, step, context)
    case 'function':
      return functionStep(common, step, context)
    case 'subworkflow':
      return subworkflowStep(common, step, context)
    case 'approval_gate':
      return gateStep(common, step, context)
    case 'foreach':
      return foreachStep(common, step, context)
    case 'sleep':
      return sleepStep(common, step, context)
    case 'wait_for':
      return waitStep(common, step, context)
    default:
      return step.type satisfies never
  }
}
