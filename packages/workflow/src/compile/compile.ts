import { createHash } from 'node:crypto'
import { compatFor } from '../compat/compat.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { Findings } from '../diagnostics/findings.ts'
import type { Source } from '../diagnostics/source.ts'
import { writeDefinition } from '../plan/definition.ts'
import type { CleanupPlan, Definition, Plan } from '../plan/plan.ts'
import { parseWorkflow } from '../schema/parse.ts'
import type { WorkflowText } from '../schema/workflow-schema.ts'
import { isList, isMapping, type ValueMap } from '../value/value.ts'
import { type ChildCompiler, childOf } from './children/child.ts'
import { cleanupGraph, hasCleanup } from './cleanup.ts'
import { checkBudget, planConfig } from './config.ts'
import { connected, ordered, thrown, tooManyEdges } from './connect.ts'
import { checkRouters, dependenciesOf, type Entry } from './dependencies.ts'
import { checkIds } from './ids.ts'
import { initialState, inputsOf } from './inputs.ts'
import { EDGES_MAX, NODES_MAX } from './limits.ts'
import { refuseNewConstructs } from './new-constructs.ts'
import type { StepContext } from './step/context.ts'
import type { Initial } from './unknown-references.ts'

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
  /** Keys that the run's input will have: no warning says that nothing writes them. The plan is the same without. */
  readonly inputKeys?: readonly string[]
}

/**
 * A definition → its plan, sub-workflows included. Pure: the same plan for the same definition, on every worker.
 * @throws {WorkflowError} with every problem of the first group that has any: schema and ids, then references, then the rest
 */
export function compileWorkflow(
  definition: Definition,
  { source, warnings = [], redact = [], inputKeys = [] }: CompileOptions = {},
): Compiled {
  const findings = new Findings(source ?? null)
  const { part, ...whole } = definition
  const initial = { keys: new Set<string>(), ids: new Set<string>(), inputKeys: new Set(inputKeys) }
  const plan = compileOne(whole, { findings, warnings, redact, level: 0, initial, plans: new Map() })
  if (part === undefined) return { plan, warnings: findings.warnings }
  if (plan.cleanup !== null) return { plan: plan.cleanup.plan, warnings: [] }
  findings.error('workflow/schema', [], 'this workflow has nothing that cleans up')
  throw thrown(findings)
}

interface Compiling {
  readonly findings: Findings
  readonly warnings: readonly Diagnostic[]
  readonly redact: readonly string[]
  /** 0 for the workflow itself. */
  readonly level: number
  /** What the state has beside the workflow's own: that of a parent. */
  readonly initial: Initial
  /** Plans of sub-workflows by hash: a file that many steps name is compiled once. */
  readonly plans: Map<string, Plan>
}

function compileOne(definition: Definition, compiling: Compiling): Plan {
  const { findings } = compiling
  checkSize(definition, findings)
  const workflow = parseWorkflow(definition.workflow, findings)
  findings.adopt(compiling.warnings)
  if (workflow === null) throw thrown(findings)
  const compatName = workflow.config.compat ?? definition.compat
  const compat = compatFor(compatName)
  const entries = workflow.steps.map((step, index): Entry => ({ step, path: ['steps', index] }))
  checkIds(entries, compiling.level > 0 || hasChildren(workflow), findings)
  checkBudget(workflow.config, findings)
  const inputs = inputsOf(workflow, definition.workflow, findings)
  if (compat.refusesNewConstructs) refuseNewConstructs(workflow, findings)
  findings.throwErrors()

  const dependencies = dependenciesOf(entries, findings)
  checkRouters(entries, findings)
  findings.throwErrors()

  const graph = { entries, dependencies, after: [] }
  const order = ordered(graph, findings)
  const redact = Object.entries(workflow.state_schema).flatMap(([pattern, schema]) => (schema.redact ? [pattern] : []))
  const state = initialState(workflow.state, inputs)
  checkStepsKey(state, findings)
  const own = new Set([...Object.keys(state), ...(inputs ?? []).map(({ name }) => name)])
  // Under strict it is an error, and must be one wherever the plan is compiled again.
  const inputKeys = workflow.config.strict ? new Set<string>() : compiling.initial.inputKeys
  const initial = { keys: both(own, compiling.initial.keys), ids: compiling.initial.ids, inputKeys }
  const afterAll = { keys: both(initial.keys, outputRoots(entries)), ids: both(initial.ids, idsOf(entries)), inputKeys }
  const context: Omit<StepContext, 'path'> = {
    config: workflow.config,
    compat,
    findings,
    childOf: (step, path) => childOf(step, path, { ...parent, findings }),
  }
  const parent: Omit<ChildCompiler, 'findings'> = {
    definition,
    config: workflow.config,
    compatName,
    compat,
    redact,
    level: compiling.level,
    initial: afterAll,
    compile: (child, options) => compileOnce(child, { ...compiling, ...options, warnings: [] }),
  }
  const parts = connected(graph, { order, context, initial })
  const config = planConfig(workflow.config, definition, context)
  findings.throwErrors()
  const plan: Omit<Plan, 'cleanup'> = {
    hash: definitionHash(definition),
    name: workflow.name,
    version: workflow.version,
    description: workflow.description,
    definition,
    config,
    state,
    compat,
    redact: [...new Set([...redact, ...compiling.redact])],
    inputs,
    ...parts,
  }
  const cleanup = hasCleanup(workflow) ? cleanupPlan(plan, { workflow, entries, order, context, afterAll }) : null
  return { ...plan, cleanup }
}

function compileOnce(definition: Definition, compiling: Compiling): Plan {
  const hash = definitionHash(definition)
  const known = compiling.plans.get(hash)
  // What is an error in a strict one depends on where it stands.
  if (known !== undefined && !compiling.findings.isStrict) return known
  const plan = compileOne(definition, compiling)
  compiling.plans.set(hash, plan)
  return plan
}

interface CleanupParts {
  readonly workflow: WorkflowText
  readonly entries: readonly Entry[]
  readonly order: ReturnType<typeof ordered>
  readonly context: Omit<StepContext, 'path'>
  /** What the state has when the run is over. */
  readonly afterAll: Initial
}

function cleanupPlan(plan: Omit<Plan, 'cleanup'>, parts: CleanupParts): CleanupPlan {
  const { findings } = parts.context
  const { compensates, ...graph } = cleanupGraph(parts.workflow, parts, findings)
  const order = ordered(graph, findings)
  const connections = connected(graph, { order, context: parts.context, initial: parts.afterAll })
  findings.throwErrors()
  const definition: Definition = { ...plan.definition, part: 'cleanup' }
  return {
    compensates,
    plan: {
      ...plan,
      hash: definitionHash(definition),
      definition,
      // Whatever ended the run must not end this; a child run has its parent's concurrency key.
      config: { ...plan.config, budgetNanoUsd: null, timeoutMs: null, concurrency: null },
      state: {},
      inputs: null,
      ...connections,
      cleanup: null,
    },
  }
}

function hasChildren(workflow: WorkflowText): boolean {
  return workflow.steps.some(({ type }) => type === 'subworkflow') || hasCleanup(workflow)
}

function both(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...one, ...other])
}

function idsOf(entries: readonly Entry[]): ReadonlySet<string> {
  return new Set(entries.map(({ step }) => step.id))
}

/** The engine's own key may hold entries from before, and nothing else. */
function checkStepsKey({ steps }: ValueMap, findings: Findings): void {
  if (steps === undefined || isMapping(steps)) return
  findings.error(
    'workflow/schema',
    ['state', 'steps'],
    "'steps' is where the results of steps are kept: it must be a mapping",
  )
}

/** Keys at the top of the state that steps write. */
function outputRoots(entries: readonly Entry[]): ReadonlySet<string> {
  return new Set(entries.flatMap(({ step }) => step.output?.split(/[.[]/, 1) ?? []))
}

/** SHA-256 (hex) of the text that `writeDefinition` gives. */
export function definitionHash(definition: Definition): string {
  return createHash('sha256').update(writeDefinition(definition)).digest('hex')
}

/** Before anything is read: what is too large must not cost more than counting it. */
function checkSize({ workflow }: Definition, findings: Findings): void {
  let edgeCount = 0
  for (const steps of [workflow['steps'], workflow['finally']]) {
    if (steps === undefined || !isList(steps)) continue
    if (steps.length > NODES_MAX) {
      findings.error('workflow/limit', ['steps'], `${steps.length} steps; a workflow has ${NODES_MAX} at most`)
      throw thrown(findings)
    }
    for (const step of steps) {
      const dependsOn = isMapping(step) ? step['depends_on'] : undefined
      if (dependsOn !== undefined && isList(dependsOn)) edgeCount += dependsOn.length
    }
  }
  if (edgeCount > EDGES_MAX) throw tooManyEdges(findings)
}
