import type { Functions } from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import { NoHandlerError } from './errors.ts'

/** Nobody else can execute the run's steps, so what is missing here is missing. @throws {NoHandlerError} */
export function checkHandlers(plan: Plan, functions: Functions): void {
  for (const { id, step } of plan.nodes) {
    if (step.type === 'function' && functions.get(step.handler) === null) throw new NoHandlerError(id, step.handler)
  }
}
