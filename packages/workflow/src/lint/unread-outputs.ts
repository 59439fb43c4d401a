import { Ancestry } from '../compile/ancestry.ts'
import { isBroken } from '../compile/step/reads.ts'
import { shown } from '../diagnostics/shown.ts'
import type { Plan, PlanNode } from '../plan/plan.ts'
import type { Linted } from './place.ts'

/**
 * Outputs that nothing reads and that are hardly meant as results: what a later step writes over, and the answer of a model
 * that other steps wait for and do not read. All else may be what the run is for.
 */
export function warnOfUnreadOutputs({ plan, findings, at }: Linted): void {
  const { nodes } = plan
  const isRead = readRanks(plan)
  const writers = writersByText(nodes)
  const ancestry = new Ancestry(
    nodes.map(({ dependsOn }) => dependsOn),
    nodes.map(({ layer }) => layer),
  )
  for (const { index, id, step, edges } of nodes) {
    const { output } = step
    if (output === null || isBroken(output) || isRead.has(index)) continue
    const key = shown(output.text, 80)
    const over = (writers.get(output.text) ?? []).find((later) => later > index && ancestry.waitsFor(later, index))
    if (over !== undefined && !ancestry.isExhausted) {
      const message = `nothing reads '${key}' before '${shown(nodes[over]?.id ?? '', 80)}' writes over it`
      findings.warn('lint/unread-output', at(index, 'output'), message, {
        help: 'leave `output` out, or write another key',
      })
      continue
    }
    const waiting = edges.find(({ to, isExplicit }) => isExplicit && nodes[to] !== undefined)
    if (step.type !== 'llm_call' || waiting === undefined) continue
    const message = `'${shown(nodes[waiting.to]?.id ?? '', 80)}' waits for '${shown(id, 80)}', and nothing reads '${key}'`
    findings.warn('lint/unread-output', at(index, 'output'), message, {
      help: `read {state.${key}} in a later step, or leave \`output\` out`,
    })
  }
}

function readRanks({ nodes, cleanup }: Plan): ReadonlySet<number> {
  const ranks = new Set(nodes.flatMap(({ reads }) => reads))
  // Cleanup sees the whole state.
  if (cleanup !== null) for (const { index } of nodes) ranks.add(index)
  return ranks
}

function writersByText(nodes: readonly PlanNode[]): ReadonlyMap<string, readonly number[]> {
  const writers = new Map<string, number[]>()
  for (const { index, step } of nodes) {
    if (step.output === null || isBroken(step.output)) continue
    const ranks = writers.get(step.output.text)
    if (ranks === undefined) writers.set(step.output.text, [index])
    else ranks.push(index)
  }
  return writers
}
