import type { ForeachStep } from '@agentloom/workflow'
import type { Attempt, Executors, StepResult } from './attempt.ts'
import { StepConfigError } from './failure.ts'

export async function runForeach(_: Executors, __: Attempt, step: ForeachStep): Promise<StepResult> {
  throw new StepConfigError('step/config', `foreach ${step.id} is being built`)
}
