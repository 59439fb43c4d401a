import { createHash } from 'node:crypto'
import { type Compat, compatFor } from '../compat/compat.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { Findings } from '../diagnostics/findings.ts'
import type { Source } from '../diagnostics/source.ts'
import { writeDefinition } from '../plan/definition.ts'
import type { Definition, Plan, PlanEdge, PlanNode } from '../plan/plan.ts'
import { refuseNotYet } from '../schema/not-yet.ts'
import { parseWorkflow } from '../schema/parse.ts'
import type { StepText, WorkflowText } from '../schema/workflow-schema.ts'
import { isList, isMapping } from '../value/value.ts'
import { checkCollisions } from './collisions.ts'
import { checkBudget, planConfig } from './config.ts'
import { reportCycles } from './cycles.ts'
import { checkRouters, dependenciesOf } from './dependencies.ts'
import { type Draft, type Incoming, incomingEdges, TooManyEdges, writersOf } from './edges.ts'
import { checkIds } from './ids.ts'
import { EDGES_MAX, NODES_MAX } from './limits.ts'
import { type Order, orderOf } from './order.ts'
import { readsOf } from './reads.ts'
import { stepSpec } from './step-spec.ts'
import { warnOfUnknownReferences } from './unknown-references.ts'
import { widthBoundOf } from './width.ts'

export interface Compiled {
  readonly plan: Plan
  readonly warnings: readonly Diagnostic[]
}

export interface CompileOptions {
  /** The text that the definition was read from, so that findings have lines. */
  readonly source?: Source
  /** Warnings of the reading, which `strict` makes errors too. */
  readonly warnings?: readonly Diagnostic[]
  /** What this process hides beside what the workflow names (`AGENTLOOM_REDACT_STATE_KEYS`); no part of the hash. */
  readonly redact?: readonly string[]
}

/**
 * A definition → its plan. Pure: the same plan for the same definition, on every worker.
 * @throws {WorkflowError} with every problem of the first group that has any: schema and ids, then references, then the rest
 */
export function compileWorkflow(
  definition: Definition,
  { source, warnings = [], redact = [] }: CompileOptions = {},
): Compiled {
  const findings = new Findings(source ?? null)
  checkSize(definition, findings)
  const workflow = parseWorkflow(definition.workflow, findings)
  findings.adopt(warnings)
  if (workflow === null) throw thrown(findings)
  const compat = compatFor(workflow.config.compat ?? definition.compat)
  checkIds(workflow.steps, findings)
  checkBudget(workflow.config, findings)
  refuseNotYet(workflow, findings)
  if (compat.refusesNewConstructs) refuseNew(workflow.steps, findings)
  findings.throwErrors()

  const dependencies = dependenciesOf(workflow.steps, findings)
  checkRouters(workflow.steps, findings)
  findings.throwErrors()

  const ids = workflow.steps.map(({ id }) => id)
  const order = orderOf(ids, dependencies)
  if (order === null) {
    reportCycles(ids, dependencies, findings)
    throw thrown(findings)
  }
  const drafts = draftsOf(workflow, { dependencies, order }, findings)
  const incoming = connected(drafts, { workflow, order }, findings)
  findings.throwErrors()
  return {
    plan: planOf({ definition, workflow, compat, redact }, drafts, { order, incoming }),
    warnings: findings.warnings,
  }
}

function draftsOf(
  workflow: WorkflowText,
  { dependencies, order }: { readonly dependencies: readonly (readonly number[])[]; readonly order: Order },
  findings: Findings,
): readonly Draft[] {
  const rankOf = new Int32Array(order.declared.length)
  for (const [rank, index] of order.declared.entries()) rankOf[index] = rank
  // Read as declared, so that findings come in the order of the file.
  const specs = workflow.steps.map((step, index) => stepSpec(step, index, workflow.config, findings))
  return order.declared.flatMap((index) => {
    const step = specs[index]
    if (step === undefined || step === null) return []
    const dependsOn = (dependencies[index] ?? []).map((dependency) => rankOf[dependency] ?? 0).sort((a, b) => a - b)
    return [{ step, dependsOn, reads: readsOf(step, index) }]
  })
}

/** Edges, and the checks that need them. */
function connected(
  drafts: readonly Draft[],
  { workflow, order }: { readonly workflow: WorkflowText; readonly order: Order },
  findings: Findings,
): readonly Incoming[] {
  const writers = writersOf(drafts)
  const isChain = workflow.config.max_concurrent_steps === 1
  try {
    const incoming = incomingEdges(drafts, { order, writers, isChain })
    const { state, config } = workflow
    warnOfUnknownReferences({ drafts, order, writers, state, isChain }, findings)
    checkCollisions(drafts, { order, writers, strictOutputs: config.strict_outputs }, findings)
    return incoming
  } catch (error) {
    if (!(error instanceof TooManyEdges)) throw error
    throw tooManyEdges(findings)
  }
}

interface Written {
  readonly definition: Definition
  readonly workflow: WorkflowText
  readonly compat: Compat
  readonly redact: readonly string[]
}

function planOf(
  { definition, workflow, compat, redact }: Written,
  drafts: readonly Draft[],
  { order, incoming }: { readonly order: Order; readonly incoming: readonly Incoming[] },
): Plan {
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
  const { state_schema: stateSchema } = workflow
  return {
    hash: definitionHash(definition),
    name: workflow.name,
    version: workflow.version,
    description: workflow.description,
    definition,
    config: planConfig(workflow.config, definition.files, compat),
    compat,
    state: workflow.state,
    redact: [...new Set([...Object.keys(stateSchema).filter((pattern) => stateSchema[pattern]?.redact), ...redact])],
    nodes,
    byId: new Map(nodes.map((node) => [node.id, node])),
    roots: nodes.flatMap(({ index, sources }) => (sources.length === 0 ? [index] : [])),
    widthBound: widthBoundOf(incoming.map(({ sources }) => sources)),
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

/** SHA-256 (hex) of the text that `writeDefinition` gives. */
export function definitionHash(definition: Definition): string {
  return createHash('sha256').update(writeDefinition(definition)).digest('hex')
}

/** Before anything is read: what is too large must not cost more than counting it. */
function checkSize({ workflow }: Definition, findings: Findings): void {
  const { steps } = workflow
  if (!isList(steps)) return
  if (steps.length > NODES_MAX) {
    findings.error('workflow/limit', ['steps'], `${steps.length} steps; a workflow has ${NODES_MAX} at most`)
    throw thrown(findings)
  }
  let edgeCount = 0
  for (const step of steps) {
    const dependsOn = isMapping(step) ? step['depends_on'] : undefined
    if (dependsOn !== undefined && isList(dependsOn)) edgeCount += dependsOn.length
  }
  if (edgeCount > EDGES_MAX) throw tooManyEdges(findings)
}

function refuseNew(steps: readonly StepText[], findings: Findings): void {
  for (const [index, { type }] of steps.entries()) {
    if (type !== 'function') continue
    findings.error('workflow/compat', ['steps', index, 'type'], 'compat: agentloom has no steps of type function')
  }
}

function tooManyEdges(findings: Findings): Error {
  findings.error('workflow/limit', ['steps'], `more than ${EDGES_MAX} edges between steps`, {
    help: 'put a step between the layers that all of them depend on, and read single keys instead of {state}',
  })
  return thrown(findings)
}

/** For branches that end here: the errors are there, TypeScript cannot know. */
function thrown(findings: Findings): Error {
  findings.throwErrors()
  return new Error('an error was reported and not thrown')
}
