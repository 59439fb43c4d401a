import type { Argument, Broken, ForeachStep, StepCommon } from '../../plan/plan.ts'
import type { StepText, WorkText } from '../../schema/workflow-schema.ts'
import { commonParts } from './common.ts'
import { asStep, type StepContext } from './context.ts'
import { llmStep } from './llm.ts'
import { argumentAt } from './parts.ts'
import { functionStep, routerStep, toolStep } from './plain.ts'

/** Items at work at once where `max_concurrent` does not say it. */
const CONCURRENT_DEFAULT = 10

export function foreachStep(common: StepCommon, step: StepText, context: StepContext): ForeachStep {
  return {
    ...common,
    type: 'foreach',
    items: itemsOf(step.items, context),
    body: step.step === undefined ? missing('step', context) : bodyOf(step.step, step.id, context),
    maxConcurrent: step.max_concurrent ?? CONCURRENT_DEFAULT,
  }
}

function itemsOf(items: StepText['items'], context: StepContext): Argument | Broken {
  if (items === undefined) return missing('items', context)
  const argument = argumentAt(items, ['items'], context, { isRecursive: true })
  if (typeof items === 'string' && !('broken' in argument) && argument.kind !== 'path') {
    context.findings.error(
      'workflow/schema',
      [...context.path, 'items'],
      'expected a list, or a text such as state.items',
    )
  }
  return argument
}

/** It has the id of the step: recorded answers, messages and keys name that. */
function bodyOf(work: WorkText, id: string, context: StepContext): ForeachStep['body'] {
  const inside: StepContext = { ...context, path: [...context.path, 'step'] }
  const step = asStep(work, id)
  const common = commonParts(step, inside)
  switch (step.type) {
    case 'tool':
      return toolStep(common, step, inside)
    case 'function':
      return functionStep(common, step, inside)
    case 'router':
      return routerStep(common, step, inside)
    default:
      return llmStep(common, step, inside)
  }
}

function missing(what: string, { path, findings }: StepContext): Broken {
  const message = `\`${what}\` is missing`
  findings.error('workflow/schema', [...path, what], message)
  return { broken: { code: 'workflow/schema', message, place: null, help: null } }
}
