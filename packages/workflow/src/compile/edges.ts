import type { Path } from '../diagnostics/path.ts'
import type { Plan, StepSpec } from '../plan/plan.ts'
import type { Reference } from '../state/reference.ts'
import { EDGES_MAX } from './limits.ts'
import type { Order } from './order.ts'
import { isBroken, keysOf, type TextReads } from './step/reads.ts'
import { Writers } from './writers.ts'

/** A step on its way into the plan. */
export interface Draft {
  readonly step: StepSpec
  /** Where it stands in the file. */
  readonly path: Path
  /** Ranks that `depends_on` names, ascending. */
  readonly dependsOn: readonly number[]
  /** Ranks that it only comes after: what cleans up does so one by one. */
  readonly after: readonly number[]
  readonly reads: readonly TextReads[]
}

export interface Incoming {
  /** Ranks, ascending: explicit, data and chain edges together. */
  readonly sources: readonly number[]
  readonly reads: readonly number[]
}

/** More edges than a plan may have; thrown before they are built. */
export class TooManyEdges extends Error {}

export function writersOf(drafts: readonly Draft[]): Writers {
  const writers = new Writers()
  for (const [rank, { step }] of drafts.entries()) {
    if (step.output !== null && !isBroken(step.output)) writers.add(keysOf(step.output), rank)
  }
  return writers
}

export interface Rules {
  readonly order: Order
  readonly writers: Writers
  /** Keys at the top of the state that are there from the start. */
  readonly given: ReadonlySet<string>
  /** One step at a time. */
  readonly isChain: boolean
  /** Every step waits for all of the layer before, not for gates alone. */
  readonly isLayered: boolean
  /** A router has a say about all steps of the next layer: see `everyRouterLayerDecides` of Compat. */
  readonly areRoutersHeard: boolean
}

/**
 * The incoming edges of every step, as scheduling.md rules 2 and 3 say: explicit ones, data edges from lower layers, edges
 * from the gates of the layer before, and with one step at a time an edge from the predecessor in the order.
 * @throws {TooManyEdges}
 */
export function incomingEdges(
  drafts: readonly Draft[],
  { order, writers, given, isChain, ...holding }: Rules,
): readonly Incoming[] {
  const ranks = new Map(drafts.map(({ step }, rank) => [step.id, rank]))
  const barriers = barriersOf(drafts, order, holding)
  let edgeCount = drafts.reduce((sum, { dependsOn, after }) => sum + dependsOn.length + after.length, 0)
  const spend = (count: number): void => {
    edgeCount += count
    if (edgeCount > EDGES_MAX) throw new TooManyEdges()
  }
  spend(0)
  return drafts.map((draft, rank) => {
    const lower = order.layerStarts[order.layers[rank] ?? 0] ?? 0
    // With one step at a time, all earlier steps are seen, also those of the same layer.
    const seen = isChain ? rank : lower
    const reads = namedRanks(draft, { drafts, ranks, writers, given, end: seen, spend })
    const sources = new Set([...draft.dependsOn, ...draft.after])
    for (const read of reads) if (read < lower) sources.add(read)
    if (isChain && rank > 0) sources.add(rank - 1)
    const before = barriers[(order.layers[rank] ?? 0) - 1] ?? []
    spend(before.length)
    for (const gate of before) sources.add(gate)
    spend(Math.max(0, sources.size - draft.dependsOn.length - reads.size - before.length))
    return { sources: ascending(sources), reads: ascending(reads) }
  })
}

/**
 * Layer → ranks that all later layers wait for. Edges to the next layer are enough: a step of a layer has a dependency in the
 * layer before, and is decided after it.
 */
function barriersOf(
  drafts: readonly Draft[],
  { layers, layerStarts }: Order,
  { isLayered, areRoutersHeard }: Pick<Rules, 'isLayered' | 'areRoutersHeard'>,
): readonly number[][] {
  const barriers = layerStarts.map((): number[] => [])
  for (const [rank, { step }] of drafts.entries()) {
    const isHeard = areRoutersHeard && step.type === 'router'
    if (isLayered || isHeard || isGate(step)) barriers[layers[rank] ?? 0]?.push(rank)
  }
  return barriers
}

/** Whether a human may be waited for here who holds back all later layers. */
function isGate(step: StepSpec): boolean {
  if (step.type === 'approval_gate') return step.hold === 'all'
  return step.type === 'subworkflow' && !isBroken(step.child) && hasGate(step.child)
}

/** At any depth. A child's own nodes are asked, which asked their children when they were compiled. */
function hasGate(plan: Plan): boolean {
  return plan.nodes.some(({ step }) => isGate(step))
}

interface Naming {
  readonly drafts: readonly Draft[]
  readonly ranks: ReadonlyMap<string, number>
  readonly writers: Writers
  readonly given: ReadonlySet<string>
  /** Only steps before this rank are seen. */
  readonly end: number
  /** Counts edges before they are kept. */
  readonly spend: (count: number) => void
}

function namedRanks(draft: Draft, { drafts, ranks, writers, given, end, spend }: Naming): ReadonlySet<number> {
  const { step, reads, dependsOn } = draft
  const found = new Set<number>()
  const add = (rank: number): void => {
    if (found.has(rank)) return
    spend(1)
    found.add(rank)
  }
  const addAll = (): void => {
    spend(end - found.size)
    for (let rank = 0; rank < end; rank++) found.add(rank)
  }
  // `d.x` is missing where somebody wrote `d.y`, and an error where nobody has made `d`.
  const addBeside = (root: string, isUnwritten: boolean): void => {
    if (isUnwritten) writers.overlapping([root], end, add)
    for (const rank of dependsOn) if (rootOf(drafts[rank]) === root) add(rank)
  }
  for (const { references } of reads) {
    for (const { path } of references) {
      if (readsEverything(path)) addAll()
      else if (path[0] !== 'steps') {
        const before = found.size
        writers.overlapping(path, end, add)
        if (path.length > 1 && !given.has(path[0] ?? '')) addBeside(path[0] ?? '', found.size === before)
      } else {
        const rank = ranks.get(path[1] ?? '')
        if (rank !== undefined && rank < end) add(rank)
      }
    }
  }
  // To write below something, one must know what it is: the prefixes of an output are read.
  if (step.output !== null && !isBroken(step.output)) {
    const { segments } = step.output
    const prefix = segments.slice(0, -1).filter((segment) => typeof segment === 'string')
    if (segments.length > 1) writers.overlapping(prefix, end, add)
  }
  return found
}

/** `{state}`, `{state.steps}`, `{steps}`, and what cannot be told before it runs. */
function readsEverything(path: Reference['path']): path is null {
  return path === null || path.length === 0 || (path.length === 1 && path[0] === 'steps')
}

/** The key at the top of the state that a step writes to, or below. */
function rootOf(draft: Draft | undefined): string | null {
  const output = draft?.step.output ?? null
  return output === null || isBroken(output) ? null : (keysOf(output)[0] ?? null)
}

function ascending(ranks: ReadonlySet<number>): readonly number[] {
  return [...ranks].sort((a, b) => a - b)
}
