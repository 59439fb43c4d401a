import { evaluateCondition, type RouterStep } from '@agentloom/workflow'
import type { Attempt, StepResult } from './attempt.ts'
import { StepConfigError, whole } from './failure.ts'
import { NO_USAGE } from '../journal/record.ts'

/** The first condition that holds names the target; else the default. The output is the chosen step's id. */
export function runRouter(attempt: Attempt, step: RouterStep): StepResult {
  if (step.conditions.length === 0 && step.defaultTarget === null) {
    throw new StepConfigError('step/config', `Step '${step.id}': Router step requires 'conditions' or 'default'`)
  }
  const state = attempt.state()
  const chosen =
    step.conditions.find(({ expression }) => evaluateCondition(whole(expression), state))?.target ?? step.defaultTarget
  if (chosen === null) {
    throw new StepConfigError(
      'router/no-match',
      `Step '${step.id}': No condition matched and no default target set`,
      'add a default to the router',
    )
  }
  return { output: chosen, usage: NO_USAGE }
}
