import { shown } from '../diagnostics/shown.ts'
import type { Choice, GraphEdge } from './graph.ts'

/** Characters of an id, and of a condition, that a drawing shows; more would be drawn over its neighbours. */
export const ID_CHARS_MAX = 60
export const CONDITION_CHARS_MAX = 40

/** Edges that a drawing shows at most: beyond it nobody sees anything, and tools give up. */
export const EDGES_MAX = 20_000

export function idLabel(id: string): string {
  return shown(id, ID_CHARS_MAX)
}

/** What stands at an edge: the router's question, `default`, `never`; null at all others. */
export function edgeLabel({ choices }: GraphEdge): string | null {
  if (choices === null) return null
  if (choices.length === 0) return 'never'
  return choices.map(choiceLabel).join(' or ')
}

function choiceLabel(choice: Choice): string {
  return choice === 'default' ? choice : shown(choice.when, CONDITION_CHARS_MAX)
}

/** A name that every drawing language takes: the id where it is plain, and not one that `taken` reserves; else a number. */
export function safeNames(ids: readonly string[], reserved: ReadonlySet<string>): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const used = new Set<string>()
  for (const id of ids) {
    if (!/^[A-Za-z_]\w{0,59}$/.test(id) || reserved.has(id.toLowerCase())) continue
    names.set(id, id)
    used.add(id)
  }
  for (const [index, id] of ids.entries()) {
    if (names.has(id)) continue
    let name = `n${index}`
    while (used.has(name)) name = `${name}_`
    names.set(id, name)
    used.add(name)
  }
  return names
}
