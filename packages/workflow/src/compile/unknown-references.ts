import type { Findings } from '../diagnostics/findings.ts'
import { nearest } from '../diagnostics/nearest.ts'
import { shown } from '../diagnostics/shown.ts'
import type { Reference } from '../state/reference.ts'
import type { Draft } from './edges.ts'
import type { Order } from './order.ts'
import { pathOf, type TextReads } from './step/reads.ts'
import type { Writers } from './writers.ts'

export interface Initial {
  readonly keys: ReadonlySet<string>
  readonly ids: ReadonlySet<string>
  /** Keys that somebody will give a run. */
  readonly inputKeys: ReadonlySet<string>
}

interface Known {
  readonly drafts: readonly Draft[]
  readonly order: Order
  readonly writers: Writers
  /** Keys of the initial state, and ids that have entries in it, of which nothing more is known. */
  readonly initial: Initial
  /** With one step at a time every earlier step is seen. */
  readonly isChain: boolean
}

/** Warns of references to what nothing writes, and to what is only written later or beside. */
export function warnOfUnknownReferences(known: Known, findings: Findings): void {
  const ranks = new Map(known.drafts.map(({ step }, rank) => [step.id, rank]))
  for (const [rank, { reads }] of known.drafts.entries()) {
    const end = known.isChain ? rank : (known.order.layerStarts[known.order.layers[rank] ?? 0] ?? 0)
    for (const read of reads) {
      for (const reference of read.references) checkReference(reference, read, { ...known, ranks, end }, findings)
    }
  }
}

interface Seen extends Known {
  readonly ranks: ReadonlyMap<string, number>
  readonly end: number
}

function checkReference(reference: Reference, read: TextReads, seen: Seen, findings: Findings): void {
  const [root, id] = reference.path ?? []
  if (reference.path === null || root === undefined) return
  if (root !== 'steps' && (seen.initial.keys.has(root) || seen.initial.inputKeys.has(root))) return
  if (root === 'steps' && id !== undefined && seen.initial.ids.has(id)) return
  const detail = read.hasOffsets ? { part: { index: reference.offset, length: reference.length } } : {}
  if (root === 'steps') {
    const rank = id === undefined ? 0 : seen.ranks.get(id)
    if (rank === undefined) {
      const help = (): string | null => didYouMean(nearest(id ?? '', seen.ranks.keys()), (near) => `steps.${near}`)
      const message = `there is no step '${shown(id ?? '', 80)}'`
      findings.warn('workflow/unknown-reference', pathOf(read), message, { ...detail, help })
    } else if (id !== undefined && rank >= seen.end) warnUnordered(id, reference.path, { read, detail }, findings)
    return
  }
  const { first, isSeen } = writersOf(reference.path, seen)
  if (isSeen) return
  if (first !== null) warnUnordered(seen.drafts[first]?.step.id ?? '', reference.path, { read, detail }, findings)
  else {
    const help = (): string | null => {
      if (root === 'secrets') return 'secrets can stand in tool_args, in input of functions and in notify.headers'
      const near = nearest(root, [...seen.initial.keys, ...seen.writers.roots])
      const kind = (key: string): string => (seen.initial.keys.has(key) ? 'initial state' : 'an output')
      return didYouMean(near, (key) => `state.${key} (${kind(key)})`)
    }
    findings.warn('workflow/unknown-reference', pathOf(read), `nothing writes ${nameOf(reference.path)}`, {
      ...detail,
      help,
    })
  }
}

function writersOf(path: readonly string[], seen: Seen): { readonly first: number | null; readonly isSeen: boolean } {
  let first: number | null = null
  seen.writers.overlapping(path, seen.drafts.length, (rank) => {
    if (first === null || rank < first) first = rank
  })
  return { first, isSeen: first !== null && first < seen.end }
}

function warnUnordered(
  id: string,
  path: readonly string[],
  { read, detail }: { readonly read: TextReads; readonly detail: object },
  findings: Findings,
): void {
  const message = `${nameOf(path)} is written by '${shown(id, 80)}', which does not run before this step`
  const help = `add ${shown(id, 80)} to depends_on`
  findings.warn('workflow/unordered-reference', pathOf(read), message, { ...detail, help })
}

function nameOf(path: readonly string[]): string {
  return `state.${shown(path.join('.'), 80)}`
}

function didYouMean(near: string | null, place: (near: string) => string): string | null {
  return near === null ? null : `did you mean ${place(shown(near, 80))}?`
}
