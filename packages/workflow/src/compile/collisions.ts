import type { Findings } from '../diagnostics/findings.ts'
import { shown } from '../diagnostics/shown.ts'
import { Ancestry } from './ancestry.ts'
import type { Draft } from './edges.ts'
import type { Order } from './order.ts'
import { isBroken, keysOf } from './step/reads.ts'
import type { Writers } from './writers.ts'

const NAMED_MAX = 10

/**
 * Outputs of the same text (`o` and `o.x` differ) written by steps that no dependency orders: an error with
 * `strict_outputs`, else a warning, but none for the branches of one router, of which only one writes.
 */
export function checkCollisions(
  drafts: readonly Draft[],
  {
    order,
    writers,
    strictOutputs,
  }: { readonly order: Order; readonly writers: Writers; readonly strictOutputs: boolean },
  findings: Findings,
): void {
  const ancestry = new Ancestry(
    drafts.map(({ dependsOn, after }) => (after.length === 0 ? dependsOn : [...dependsOn, ...after])),
    order.layers,
  )
  for (const [text, ranks] of writersByText(drafts)) {
    // Ranks ascend along the graph: the writers are ordered if each waits for the one before.
    const isOrdered = ranks.every((rank, at) => at === 0 || ancestry.waitsFor(rank, ranks[at - 1] ?? 0))
    if (isOrdered || (!strictOutputs && areBranches(ranks, drafts))) continue
    const ids = ranks.map((rank) => shown(drafts[rank]?.step.id ?? '', 80)).sort()
    const named = ids.length > NAMED_MAX ? [...ids.slice(0, NAMED_MAX), `${ids.length - NAMED_MAX} more`] : ids
    const message = `'${shown(text, 80)}' is written by ${named.join(', ')}, which no dependency orders`
    const path = [...(drafts[ranks.at(-1) ?? 0]?.path ?? []), 'output']
    if (strictOutputs)
      findings.error('workflow/output-collision', path, message, { help: 'order them with depends_on' })
    else {
      const help = 'the last one in the order wins: order them with depends_on, or write different keys'
      findings.warn('workflow/output-collision', path, message, { help })
    }
  }
  warnOfOverlaps(drafts, { writers, ancestry }, findings)
  if (ancestry.isExhausted)
    findings.warn('workflow/limit', ['steps'], 'too many steps to check all outputs for collisions')
}

function writersByText(drafts: readonly Draft[]): ReadonlyMap<string, number[]> {
  const byText = new Map<string, number[]>()
  for (const [rank, { step }] of drafts.entries()) {
    if (step.output === null || isBroken(step.output)) continue
    const ranks = byText.get(step.output.text)
    if (ranks === undefined) byText.set(step.output.text, [rank])
    else ranks.push(rank)
  }
  return byText
}

/** Whether all of them are dependents and targets of one router. */
function areBranches(ranks: readonly number[], drafts: readonly Draft[]): boolean {
  const [first = 0] = ranks
  return (drafts[first]?.dependsOn ?? []).some((router) => {
    const step = drafts[router]?.step
    if (step?.type !== 'router') return false
    const targets = new Set([...step.conditions.map(({ target }) => target), step.defaultTarget])
    return ranks.every((rank) => {
      const draft = drafts[rank]
      return draft !== undefined && draft.dependsOn.includes(router) && targets.has(draft.step.id)
    })
  })
}

/** `o` beside `o.x` without an order: the one may leave no place for the other. */
function warnOfOverlaps(
  drafts: readonly Draft[],
  { writers, ancestry }: { readonly writers: Writers; readonly ancestry: Ancestry },
  findings: Findings,
): void {
  for (const [rank, { step, path: place }] of drafts.entries()) {
    if (step.output === null || isBroken(step.output) || step.output.segments.length < 2) continue
    const path = keysOf(step.output)
    let other: number | null = null
    writers.above(path, drafts.length, (above) => {
      if (other !== null || above === rank) return
      const [earlier, later] = above < rank ? [above, rank] : [rank, above]
      if (!ancestry.waitsFor(later, earlier)) other = above
    })
    if (other === null || areBranches([rank, other], drafts)) continue
    const { id } = drafts[other]?.step ?? { id: '' }
    const message = `'${shown(step.output.text, 80)}' lies below what '${shown(id, 80)}' writes, and no dependency orders them`
    findings.warn('workflow/output-overlap', [...place, 'output'], message, {
      help: 'order them with depends_on, or write different keys',
    })
  }
}
