import type { Findings } from '../diagnostics/findings.ts'
import { isList, isMapping, type Value, type ValueMap } from '../value/value.ts'
import type { WorkflowText } from './workflow-schema.ts'

// The one place that knows what the format has and this version does not run. Silence would be a promise.

const STEP_TYPES = new Set(['foreach', 'sleep', 'wait_for'])
export const STEP_KEYS = ['when', 'join', 'compensate', 'queue', 'priority', 'cache', 'output_schema']
export const TOP_KEYS = ['finally', 'inputs']
export const CONFIG_KEYS = ['scheduling', 'on_budget']

/** Reports step types and keys of the format that have no form in the schema yet. */
export function refuseUnreadYet(workflow: ValueMap, findings: Findings): void {
  for (const key of TOP_KEYS) if (Object.hasOwn(workflow, key)) refuse(findings, [key], `\`${key}\``)
  const { config, steps } = workflow
  if (config !== undefined && isMapping(config)) {
    for (const key of CONFIG_KEYS)
      if (Object.hasOwn(config, key)) refuse(findings, ['config', key], `config \`${key}\``)
  }
  if (!isList(steps)) return
  for (const [index, step] of steps.entries()) {
    if (!isMapping(step)) continue
    for (const key of STEP_KEYS) {
      if (Object.hasOwn(step, key)) refuse(findings, ['steps', index, key], `\`${key}\` on a step`)
    }
  }
}

/** Whether the type belongs to the language, but to a later version than this one. */
export function isLaterType(type: Value | undefined): boolean {
  return typeof type === 'string' && STEP_TYPES.has(type)
}

/** Reports what the schema reads and the compiler has no plan for. */
export function refuseNotYet({ steps }: WorkflowText, findings: Findings): void {
  for (const [index, step] of steps.entries()) {
    if (step.type === 'subworkflow' || step.type === 'approval_gate') {
      refuse(findings, ['steps', index, 'type'], `steps of type ${step.type}`)
    }
    if (step.type !== 'llm_call') continue
    if (step.attachments !== undefined && step.attachments.length > 0)
      refuse(findings, ['steps', index, 'attachments'], 'attachments')
    if (step.tools !== undefined && step.tools.length > 0)
      refuse(findings, ['steps', index, 'tools'], 'tools that a model calls')
    if (step.thinking?.enabled) refuse(findings, ['steps', index, 'thinking'], 'thinking')
  }
}

function refuse(findings: Findings, path: readonly (string | number)[], what: string): void {
  findings.error('workflow/not-yet', path, `this version does not have ${what}`)
}
