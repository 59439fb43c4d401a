import { writeDefinition, writeValue, type Plan, type ValueMap } from '@agentloom/workflow'
import { parseInput } from './fold/run-view.ts'
import type { ParentStep, RunHeader, StartRun } from './ports/journal.ts'
import { cleanupOf } from './schedule/cleanup.ts'
import { poolsOf } from './schedule/pools.ts'
import { nodeAt } from './schedule/verdicts.ts'
import { concurrencyOf } from './start-concurrency.ts'
import { checkedInput, declaredInput, inputOf } from './start-input.ts'
import { StartOptionError } from './start-option-error.ts'

export interface StartOptions {
  readonly runId: string
  /** Plain JSON, laid over the workflow's `state` key by key. */
  readonly input?: unknown
  /** Instead of `input`, where it is a value already: ints and floats are kept apart, and ints of any size. */
  readonly inputValue?: ValueMap
  readonly tenant?: string | null
  /** 0 (first) to 2,097,151; default 0. */
  readonly priority?: number
  readonly tags?: readonly string[]
  /** The step that waits for the run, where it is a child run; see execute/child-run-id.ts. */
  readonly parent?: ParentStep | null
  /** Replaces the workflow's own, nano-dollars: a child run may not spend more than is left of its parent's. */
  readonly budgetNanoUsd?: number | null
  /** Replaces the workflow's own. */
  readonly timeoutMs?: number | null
}

const RUN_ID = /^[A-Za-z0-9_-]{1,64}$/
/** As `childRunId` makes them: they name files and Redis keys, hence the length. */
const CHILD_RUN_ID = /^[A-Za-z0-9_.~-]{1,200}$/
const PRIORITY_MAX = 2_097_151 // BullMQ's own limit
const TENANT_CHARACTERS_MAX = 128
const TAGS_MAX = 32

/**
 * The command that starts a run of a plan.
 * @throws {StartOptionError} for an id, priority, tenant or tags out of range, or input that is no mapping; `run/bad-input` for
 *   input that is not as the workflow declares it, `run/input-too-large`; `run/concurrency-key` where no concurrency key can be made of it
 * @throws {ResultError} for input that is no JSON
 */
export function startCommand(plan: Plan, options: StartOptions): StartRun {
  const { runId, tenant = null, priority = 0, tags = [], parent = null } = options
  if (!(parent === null ? RUN_ID : CHILD_RUN_ID).test(runId))
    throw new StartOptionError('id', 'use 1 to 64 of A–Z, a–z, 0–9, _ and -')
  if (!Number.isInteger(priority) || priority < 0 || priority > PRIORITY_MAX)
    throw new StartOptionError('priority', `give a whole number from 0 to ${PRIORITY_MAX}`)
  if (tenant !== null && (tenant === '' || tenant.length > TENANT_CHARACTERS_MAX))
    throw new StartOptionError('tenant', `give 1 to ${TENANT_CHARACTERS_MAX} characters`)
  if (tags.length > TAGS_MAX || tags.some((tag) => tag.length > TENANT_CHARACTERS_MAX))
    throw new StartOptionError('tags', `give at most ${TAGS_MAX} of at most ${TENANT_CHARACTERS_MAX} characters`)
  const input =
    options.inputValue === undefined ? inputOf(plan, options.input) : declaredInput(plan, options.inputValue)
  return {
    runId,
    workflow: plan.name,
    definition: plan.hash,
    input: parent === null ? checkedInput(writeValue(input)) : writeValue(input),
    concurrency: concurrencyOf(plan, input),
    tenant,
    priority,
    tags,
    parent,
    ...partOf(plan),
    ...(options.budgetNanoUsd === undefined ? {} : { budgetNanoUsd: options.budgetNanoUsd }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  }
}

/** The command that started a run, from its plan and header, for a journal that brings the run back to life. */
export function restartCommand(plan: Plan, header: RunHeader): StartRun {
  const { runId, workflow, definition, input, tenant, priority, tags, parent, budgetNanoUsd, timeoutMs } = header
  const concurrency = plan.config.concurrency === null ? null : concurrencyOf(plan, parseInput(input))
  const own = { runId, workflow, definition, input, tenant, priority, tags, parent, concurrency }
  return { ...own, ...partOf(plan), budgetNanoUsd, timeoutMs }
}

/** Written once a plan: the canonical form sorts every key of the definition. */
const definitionTexts = new WeakMap<Plan, string>()

function definitionTextOf(plan: Plan): string {
  const found = definitionTexts.get(plan)
  if (found !== undefined) return found
  const text = writeDefinition(plan.definition)
  definitionTexts.set(plan, text)
  return text
}

function partOf(
  plan: Plan,
): Pick<
  StartRun,
  | 'definitionText'
  | 'parksOnBudget'
  | 'timeoutMs'
  | 'budgetNanoUsd'
  | 'stepCount'
  | 'cap'
  | 'roots'
  | 'cleanup'
  | 'pools'
> {
  const { config, nodes } = plan
  return {
    definitionText: definitionTextOf(plan),
    timeoutMs: config.timeoutMs,
    budgetNanoUsd: config.budgetNanoUsd,
    parksOnBudget: config.onBudget === 'park',
    stepCount: nodes.length,
    cap: plan.widthBound <= config.maxConcurrentSteps ? null : config.maxConcurrentSteps,
    roots: plan.roots.map((index) => ({ stepId: nodeAt(plan, index).id, rank: index })),
    cleanup: cleanupOf(plan),
    pools: poolsOf(plan),
  }
}
