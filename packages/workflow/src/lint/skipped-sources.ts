import { isBroken, keysOf, pathOf, readsOf } from '../compile/step/reads.ts'
import { Writers } from '../compile/writers.ts'
import { shown } from '../diagnostics/shown.ts'
import type { Reference } from '../state/reference.ts'
import type { Guards } from './guards.ts'
import type { Linted } from './place.ts'

/** Fields whose texts a missing value leaves with a hole in them. Conditions and `when` may well ask for what is missing. */
const TEXT_FIELDS: ReadonlySet<string | number> = new Set(['prompt', 'system_prompt', 'tool_args'])

/** Texts that name the output of a step which may have been skipped where this one runs. */
export function warnOfSkippedSources(linted: Linted, guards: Guards): void {
  const { plan, findings, at } = linted
  const writers = new Writers()
  for (const { index, step } of plan.nodes) {
    if (step.output !== null && !isBroken(step.output)) writers.add(keysOf(step.output), index)
  }
  for (const { index, step, reads } of plan.nodes) {
    if (reads.length === 0) continue
    for (const read of readsOf(step, at(index))) {
      if (!read.field.some((part) => TEXT_FIELDS.has(part))) continue
      for (const reference of read.references) {
        const source = sourceOf(reference, { writers, linted, end: index })
        if (source === null) continue
        const missed = guards.missedBy(index, source)
        if (missed === null) continue
        const detail = read.hasOffsets ? { part: { index: reference.offset, length: reference.length } } : {}
        findings.warn('lint/skipped-source', pathOf(read), messageFor(linted, reference, { source, missed }), {
          ...detail,
          help: `give the key a value in \`state\`, or add ${shown(plan.nodes[source]?.id ?? '', 80)} to depends_on`,
        })
      }
    }
  }
}

/** The one step that gives the value; null where there are none or several, or the initial state has the key. */
function sourceOf(
  { path }: Reference,
  { writers, linted: { plan }, end }: { readonly writers: Writers; readonly linted: Linted; readonly end: number },
): number | null {
  const [root, id] = path ?? []
  if (path === null || root === undefined) return null
  if (root === 'steps') {
    const rank = id === undefined ? undefined : plan.byId.get(id)?.index
    return rank !== undefined && plan.nodes[end]?.reads.includes(rank) ? rank : null
  }
  if (Object.hasOwn(plan.state, root) || (plan.inputs ?? []).some(({ name }) => name === root)) return null
  const ranks: number[] = []
  writers.overlapping(path, end, (rank) => ranks.push(rank))
  const [only, ...others] = ranks
  return others.length === 0 && only !== undefined && plan.nodes[end]?.reads.includes(only) ? only : null
}

function messageFor(
  { plan }: Linted,
  { path }: Reference,
  { source, missed }: { readonly source: number; readonly missed: number },
): string {
  const [by, guard] = [plan.nodes[source], plan.nodes[missed]]
  const why =
    guard?.step.when === null
      ? 'a router may choose another way'
      : `\`when\` of '${shown(guard?.id ?? '', 80)}' may be false`
  return `state.${shown((path ?? []).join('.'), 80)} may be missing: '${shown(by?.id ?? '', 80)}' is skipped where ${why}`
}
