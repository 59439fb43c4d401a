import { AsyncLocalStorage } from 'node:async_hooks'
import type { FunctionDefinition } from '@agentloom/workflow'

/** The step whose code is running, also in timers and promises that it left behind. */
export interface StepScope {
  readonly runId: string
  readonly stepId: string
}

const scopes = new AsyncLocalStorage<StepScope>()

/** Null outside of any step's code. */
export function currentStep(): StepScope | null {
  return scopes.getStore() ?? null
}

/** The same function, whose stray errors can be told apart by step. */
export function scoped(definition: FunctionDefinition): FunctionDefinition {
  return {
    ...definition,
    run: (input, context) =>
      scopes.run({ runId: context.runId, stepId: context.stepId }, () => definition.run(input, context)),
  }
}
