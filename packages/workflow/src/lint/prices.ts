import { shown } from '../diagnostics/shown.ts'
import type { LlmStep, PlanNode } from '../plan/plan.ts'
import type { Linted } from './place.ts'

/** A budget counts what providers bill; a model without a price counts as nothing. One warning a model. */
export function warnOfMissingPrices({ plan, findings, at }: Linted, hasPrice: (model: string) => boolean): void {
  const { budgetNanoUsd, mock } = plan.config
  if (budgetNanoUsd === null || budgetNanoUsd === 0 || mock !== null) return
  const seen = new Set<string>()
  for (const node of plan.nodes) {
    const call = callOf(node)
    if (call === null || seen.has(call.model)) continue
    seen.add(call.model)
    if (hasPrice(call.model)) continue
    const message = `no price is known for ${shown(call.model, 80)}: its calls cost nothing, and the budget does not hold them`
    findings.warn('lint/budget-without-price', at(node.index, 'model'), message, {
      help: 'name a price file in AGENTLOOM_PRICING_FILE, or choose another model',
    })
  }
}

function callOf({ step }: PlanNode): LlmStep | null {
  if (step.type === 'llm_call') return step
  if (step.type !== 'foreach' || 'broken' in step.body) return null
  return step.body.type === 'llm_call' ? step.body : null
}
