import { Ancestry } from '../compile/ancestry.ts'
import { isBroken } from '../compile/step/reads.ts'
import { shown } from '../diagnostics/shown.ts'
import type { Plan, PlanNode, StatePath } from '../plan/plan.ts'
import type { Linted } from './place.ts'

/** Keys that one message names. */
const NAMED_MAX = 5

/**
 * Outputs that nothing reads and that are hardly meant as results: what a later step writes over, and the answer of a model
 * that another model's step waits for and does not read. All else may be what the run is for.
 */
export function warnOfUnreadOutputs(linted: Linted): void {
  const { nodes } = linted.plan
  const read = readRanks(linted.plan)
  const unread = nodes.flatMap((node) => {
    const { output } = node.step
    return output === null || isBroken(output) || read.has(node.index) ? [] : [{ node, output }]
  })
  if (unread.length === 0) return
  const isOver = overwrites(linted, unread)
  const byWaiting = new Map<PlanNode, Unread[]>()
  for (const one of unread) {
    const waiting = isOver.has(one.node.index) ? null : waitingModel(one.node, nodes)
    if (waiting === null) continue
    const others = byWaiting.get(waiting)
    if (others === undefined) byWaiting.set(waiting, [one])
    else others.push(one)
  }
  for (const [waiting, sources] of byWaiting) warnOfWaiting(linted, waiting, sources)
}

interface Unread {
  readonly node: PlanNode
  readonly output: StatePath
}

function readRanks({ nodes, cleanup }: Plan): ReadonlySet<number> {
  const ranks = new Set(nodes.flatMap(({ reads }) => reads))
  // Cleanup sees the whole state.
  if (cleanup !== null) for (const { index } of nodes) ranks.add(index)
  return ranks
}

/** Warns of outputs that a later step writes over; gives back their ranks. */
function overwrites({ plan: { nodes }, findings, at }: Linted, unread: readonly Unread[]): ReadonlySet<number> {
  // The next writer in the order: if it does not wait, later ones hardly will.
  const last = new Map<string, number>()
  const next = new Map<number, number>()
  for (const { index, step } of nodes) {
    if (step.output === null || isBroken(step.output)) continue
    const before = last.get(step.output.text)
    if (before !== undefined) next.set(before, index)
    last.set(step.output.text, index)
  }
  const ancestry = new Ancestry(
    nodes.map(({ dependsOn }) => dependsOn),
    nodes.map(({ layer }) => layer),
  )
  const found = new Set<number>()
  for (const { node, output } of unread) {
    const over = next.get(node.index)
    if (over === undefined || !ancestry.waitsFor(over, node.index) || ancestry.isExhausted) continue
    found.add(node.index)
    const message = `nothing reads '${shown(output.text, 80)}' before '${shown(nodes[over]?.id ?? '', 80)}' writes over it`
    findings.warn('lint/unread-output', at(node.index, 'output'), message, {
      help: 'leave `output` out, or write another key',
    })
  }
  return found
}

/** The model's step that waits for a model's answer. Where a human decides behind it, he is its reader. */
function waitingModel({ step, edges }: PlanNode, nodes: readonly PlanNode[]): PlanNode | null {
  if (step.type !== 'llm_call') return null
  const dependents = edges.flatMap(({ to, isExplicit }) => (isExplicit ? (nodes[to] ?? []) : []))
  if (dependents.some((dependent) => dependent.step.type === 'approval_gate')) return null
  return dependents.find((dependent) => dependent.step.type === 'llm_call') ?? null
}

function warnOfWaiting({ findings, at }: Linted, waiting: PlanNode, sources: readonly Unread[]): void {
  const [first] = sources
  if (first === undefined) return
  const key = shown(first.output.text, 80)
  const keys = [...new Set(sources.map(({ output }) => `'${shown(output.text, 80)}'`))]
  const more = keys.length > NAMED_MAX ? [`${keys.length - NAMED_MAX} more`] : []
  const named = [...keys.slice(0, NAMED_MAX), ...more].join(', ')
  const message = `'${shown(waiting.id, 80)}' waits for '${shown(first.node.id, 80)}', and nothing reads ${named}`
  findings.warn('lint/unread-output', at(first.node.index, 'output'), message, {
    help: `read {state.${key}} in '${shown(waiting.id, 80)}', or leave \`output\` out`,
  })
}
