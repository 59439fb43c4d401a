import { z } from 'zod'
import { anyValue, flag, freeMapping, mapping } from './coerce.ts'
import { configShape } from './config-schema.ts'
import { stepShape } from './step-schema.ts'

export const inputShape = {
  type: z.enum(['string', 'number', 'integer', 'boolean', 'list', 'mapping', 'any']).default('any'),
  required: flag().default(false),
  default: anyValue().optional(),
  description: z.string().default(''),
}

export const workflowShape = {
  name: z.string(),
  version: z.string().default('1.0'),
  description: z.string().default(''),
  config: mapping(configShape).prefault({}),
  state: freeMapping().default({}),
  state_schema: z.record(z.string(), mapping({ redact: flag().default(false) })).default({}),
  inputs: z.record(z.string(), mapping(inputShape)).optional(),
  steps: z.array(mapping(stepShape)),
  finally: z.array(mapping(stepShape)).optional(),
}

/** A workflow as users write it, defaults filled in; unknown keys are left out. */
export const workflowSchema = mapping(workflowShape)

export type WorkflowText = z.output<typeof workflowSchema>
export type StepText = WorkflowText['steps'][number]
/** A step inside of a step: it has no place in the graph of its own. */
export type WorkText = NonNullable<StepText['step'] | StepText['compensate']>
export type ConfigText = WorkflowText['config']
