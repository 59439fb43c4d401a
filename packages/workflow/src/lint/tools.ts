import type { Path } from '../diagnostics/path.ts'
import { nearest } from '../diagnostics/nearest.ts'
import { shown } from '../diagnostics/shown.ts'
import type { StepSpec } from '../plan/plan.ts'
import type { Linted } from './place.ts'

/**
 * Names of tools that are nearly those of known ones. All others may be tools that a worker brings, of which nobody knows
 * here.
 */
export function warnOfMistypedTools({ plan, findings, at }: Linted, known: readonly string[]): void {
  const names = new Set(known)
  for (const { index, step } of plan.nodes) {
    for (const { name, field } of toolsOf(step)) {
      const meant = names.has(name) ? null : nearest(name, known)
      if (meant === null) continue
      findings.warn('lint/mistyped-tool', at(index, ...field), `no tool is named '${shown(name, 80)}' here`, {
        help: `did you mean ${meant}?`,
      })
    }
  }
}

function toolsOf(step: StepSpec): readonly { readonly name: string; readonly field: Path }[] {
  switch (step.type) {
    case 'tool':
      return typeof step.toolName === 'string' ? [{ name: step.toolName, field: ['tool_name'] }] : []
    case 'llm_call':
      return step.tools.map(({ name }, index) => ({ name, field: ['tools', index, 'name'] }))
    case 'foreach':
      return 'broken' in step.body
        ? []
        : toolsOf(step.body).map(({ name, field }) => ({ name, field: ['step', ...field] }))
    case 'router':
    case 'function':
    case 'subworkflow':
    case 'approval_gate':
    case 'sleep':
    case 'wait_for':
      return []
  }
}
