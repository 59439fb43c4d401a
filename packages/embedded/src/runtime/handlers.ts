import type { Functions } from '@agentloom/engine'
import { isBroken, type Plan, type StepSpec } from '@agentloom/workflow'
import { NoHandlerError } from './errors.ts'

/** Nobody else can execute the run's steps, nor those of its child runs, so what is missing here is missing. @throws {NoHandlerError} */
export function checkHandlers(plan: Plan, functions: Functions): void {
  for (const { id, step } of plan.nodes) checkStep(id, step, functions)
  if (plan.cleanup !== null) checkHandlers(plan.cleanup.plan, functions)
}

function checkStep(id: string, step: StepSpec, functions: Functions): void {
  if (step.type === 'function' && functions.get(step.handler) === null) throw new NoHandlerError(id, step.handler)
  if (step.type === 'subworkflow' && !isBroken(step.child)) checkHandlers(step.child, functions)
  if (step.type === 'foreach' && !isBroken(step.body)) checkStep(id, step.body, functions)
}
