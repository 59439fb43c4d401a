import type { Findings } from '../diagnostics/findings.ts'
import { isMapping, type ValueMap } from '../value/value.ts'
import { reportIssues } from './issues.ts'
import { checkPlainData } from './plain-data.ts'
import { quickParse } from './quick.ts'
import { reportUnknownKeys } from './unknown-keys.ts'
import { type WorkflowText, workflowSchema } from './workflow-schema.ts'

/**
 * What a user wrote → the same with defaults and in its types, or null with errors in `findings`.
 * Sets `findings.isStrict` where `config.strict` asks for it, so that it holds for everything found from here on.
 */
export function parseWorkflow(workflow: ValueMap, findings: Findings): WorkflowText | null {
  checkPlainData(workflow, findings)
  if (findings.hasErrors) return null
  const quick = quickParse(workflow)
  const result = quick === null ? workflowSchema.safeParse(workflow) : ({ success: true, data: quick } as const)
  findings.isStrict ||= result.success ? result.data.config.strict : asksForStrict(workflow)
  reportUnknownKeys(workflow, findings)
  if (!result.success) reportIssues(result.error.issues, workflow, findings)
  return result.success ? result.data : null
}

function asksForStrict({ config }: ValueMap): boolean {
  return config !== undefined && isMapping(config) && config['strict'] === true
}
