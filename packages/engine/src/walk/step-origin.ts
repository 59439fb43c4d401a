import type { Plan, PlanNode } from '@agentloom/workflow'
import type { StepOrigin } from '../ports/runtime.ts'

export function originOf({ name: workflow }: Plan, { step }: PlanNode): StepOrigin {
  return { workflow, stepType: step.type, isStreamed: step.type === 'llm_call' && step.stream }
}
