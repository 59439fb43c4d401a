import type { Findings } from '../diagnostics/findings.ts'
import type { StepText, WorkflowText } from '../schema/workflow-schema.ts'

const NEW_TYPES = new Set<StepText['type']>(['function', 'foreach', 'sleep', 'wait_for'])
const NEW_STEP_KEYS = ['when', 'join', 'queue', 'priority', 'cache', 'compensate', 'output_schema', 'hold'] as const
const NEW_CONFIG_KEYS = ['queue', 'concurrency'] as const
const NEW_KEYS = ['inputs', 'finally'] as const

/** Reports what the Python engine does not know: read as it reads, such a file would do something else. */
export function refuseNewConstructs(workflow: WorkflowText, findings: Findings): void {
  const refuse = (path: readonly (string | number)[], what: string): void =>
    findings.error('workflow/compat', path, `compat: agentloom has no ${what}`)
  for (const key of NEW_KEYS) if (workflow[key] !== undefined) refuse([key], `\`${key}\``)
  for (const key of NEW_CONFIG_KEYS)
    if (workflow.config[key] !== undefined) refuse(['config', key], `\`${key}\` in config`)
  if (workflow.config.on_budget === 'park') refuse(['config', 'on_budget'], '`on_budget`')
  for (const [index, step] of workflow.steps.entries()) {
    if (NEW_TYPES.has(step.type)) refuse(['steps', index, 'type'], `steps of type ${step.type}`)
    for (const key of NEW_STEP_KEYS) if (step[key] !== undefined) refuse(['steps', index, key], `\`${key}\` on steps`)
    if (step.on_timeout === 'fail' || step.on_timeout === 'continue') {
      refuse(['steps', index, 'on_timeout'], `on_timeout: ${step.on_timeout}`)
    }
  }
}
