import { z } from 'zod'
import { flag, freeMapping, mapping } from './coerce.ts'
import { configShape } from './config-schema.ts'
import { stepShape } from './step-schema.ts'

export const workflowShape = {
  name: z.string(),
  version: z.string().default('1.0'),
  description: z.string().default(''),
  config: mapping(configShape).prefault({}),
  state: freeMapping().default({}),
  state_schema: z.record(z.string(), mapping({ redact: flag().default(false) })).default({}),
  steps: z.array(mapping(stepShape)),
}

/** A workflow as users write it, defaults filled in; unknown keys are left out. */
export const workflowSchema = mapping(workflowShape)

export type WorkflowText = z.output<typeof workflowSchema>
export type StepText = WorkflowText['steps'][number]
export type ConfigText = WorkflowText['config']
