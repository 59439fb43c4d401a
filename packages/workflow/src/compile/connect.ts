import type { Findings } from '../diagnostics/findings.ts'
import type { PlanEdge, PlanNode } from '../plan/plan.ts'
import { checkCollisions } from './collisions.ts'
import { reportCycles } from './cycles.ts'
import type { Entry } from './dependencies.ts'
import { type Draft, type Incoming, incomingEdges, TooManyEdges, writersOf } from './edges.ts'
import { EDGES_MAX } from './limits.ts'
import { type Order, orderOf } from './order.ts'
import type { StepContext } from './step/context.ts'
import { readsOf } from './step/reads.ts'
import { stepSpec } from './step/spec.ts'
import { type Initial, warnOfUnknownReferences } from './unknown-references.ts'
import { widthBoundOf } from './width.ts'

/** Steps and what they wait for, by index as declared. */
export interface Graph {
  readonly entries: readonly Entry[]
  /** What `depends_on` names. */
  readonly dependencies: readonly (readonly number[])[]
  /** What a step comes after without depending on it; empty where there is nothing of the kind. */
  readonly after: readonly (readonly number[])[]
}

export interface Connected {
  readonly nodes: readonly PlanNode[]
  readonly byId: ReadonlyMap<string, PlanNode>
  readonly roots: readonly number[]
  readonly widthBound: number
}

/** Layers and order of the steps; reports cycles and throws. */
export function ordered({ entries, dependencies, after }: Graph, findings: Findings): Order {
  const ids = entries.map(({ step }) => step.id)
  const sources =
    after.length === 0 ? dependencies : dependencies.map((own, index) => [...own, ...(after[index] ?? [])])
  const order = orderOf(ids, sources)
  if (order !== null) return order
  reportCycles(entries, dependencies, findings)
  throw thrown(findings)
}

/** Reads every step, finds every edge, and checks what needs both. */
export function connected(
  graph: Graph,
  {
    order,
    context,
    initial,
  }: { readonly order: Order; readonly context: Omit<StepContext, 'path'>; readonly initial: Initial },
): Connected {
  const drafts = draftsOf(graph, order, context)
  const incoming = edgesBetween(drafts, { order, context, initial })
  const edges = outgoingEdges(drafts, incoming)
  const nodes = drafts.map(({ step, dependsOn }, index): PlanNode => ({
    id: step.id,
    index,
    layer: order.layers[index] ?? 0,
    step,
    sources: incoming[index]?.sources ?? [],
    dependsOn,
    edges: edges[index] ?? [],
    reads: incoming[index]?.reads ?? [],
  }))
  return {
    nodes,
    byId: new Map(nodes.map((node) => [node.id, node])),
    roots: nodes.flatMap(({ index, sources }) => (sources.length === 0 ? [index] : [])),
    widthBound: widthBoundOf(incoming.map(({ sources }) => sources)),
  }
}

function draftsOf(
  { entries, dependencies, after }: Graph,
  { declared }: Order,
  context: Omit<StepContext, 'path'>,
): readonly Draft[] {
  const rankOf = new Int32Array(declared.length)
  for (const [rank, index] of declared.entries()) rankOf[index] = rank
  const ranksOf = (indexes: readonly number[] = []): readonly number[] =>
    indexes.map((index) => rankOf[index] ?? 0).sort((a, b) => a - b)
  // Read as declared, so that findings come in the order of the file.
  const drafts = entries.map(({ step, path }, index): Draft => {
    const spec = stepSpec(step, { ...context, path })
    return {
      step: spec,
      path,
      dependsOn: ranksOf(dependencies[index]),
      after: ranksOf(after[index]),
      reads: readsOf(spec, path),
    }
  })
  return declared.flatMap((index) => drafts[index] ?? [])
}

function edgesBetween(
  drafts: readonly Draft[],
  {
    order,
    context: { config, compat, findings },
    initial,
  }: { readonly order: Order; readonly context: Omit<StepContext, 'path'>; readonly initial: Initial },
): readonly Incoming[] {
  const writers = writersOf(drafts)
  const isChain = config.max_concurrent_steps === 1
  try {
    const isLayered = config.scheduling === 'layers'
    const { everyRouterLayerDecides: areRoutersHeard } = compat
    const incoming = incomingEdges(drafts, { order, writers, given: initial.keys, isChain, isLayered, areRoutersHeard })
    warnOfUnknownReferences({ drafts, order, writers, initial, isChain }, findings)
    checkCollisions(drafts, { order, writers, strictOutputs: config.strict_outputs }, findings)
    return incoming
  } catch (error) {
    if (!(error instanceof TooManyEdges)) throw error
    throw tooManyEdges(findings)
  }
}

function outgoingEdges(drafts: readonly Draft[], incoming: readonly Incoming[]): readonly (readonly PlanEdge[])[] {
  const edges = drafts.map((): PlanEdge[] => [])
  for (const [to, { sources }] of incoming.entries()) {
    const explicit = new Set(drafts[to]?.dependsOn)
    // The same two objects serve all edges to this step.
    const [named, ordering] = [
      { to, isExplicit: true },
      { to, isExplicit: false },
    ]
    for (const source of sources) edges[source]?.push(explicit.has(source) ? named : ordering)
  }
  return edges
}

export function tooManyEdges(findings: Findings): Error {
  findings.error('workflow/limit', ['steps'], `more than ${EDGES_MAX} edges between steps`, {
    help: 'put a step between the layers that all of them depend on, and read single keys instead of {state}',
  })
  return thrown(findings)
}

/** For branches that end here: the errors are there, TypeScript cannot know. */
export function thrown(findings: Findings): Error {
  findings.throwErrors()
  return new Error('an error was reported and not thrown')
}
