import { stateKeysRead, writeValue, type Plan, type PlanNode, type Value, type ValueMap } from '@agentloom/workflow'
import { parseInput } from '../fold/run-view.ts'
import { foldSteps, type StepFold } from '../fold/step-fold.ts'
import { NO_USAGE, type JournalRecord } from '../journal/record.ts'
import type { LoadedRun } from '../ports/journal.ts'
import type { RestoreRun } from '../ports/whole-runs.ts'
import { failedStepOf } from '../schedule/cause.ts'
import { nodeAt } from '../schedule/verdicts.ts'
import { startCommand } from '../start.ts'
import { ForkError } from './errors.ts'
import { isDecisionAbout } from '../execute/kept-decision.ts'
import { movedCause } from './moved-cause.ts'
import { planDifferences } from './plan-difference.ts'

export interface Fork {
  readonly runId: string
  /** The step that runs again, whatever else has changed. */
  readonly from: string
  /** Laid over the run's state key by key: its input, or what a step that is kept has written there. */
  readonly state?: ValueMap
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

export interface PlannedFork {
  readonly restore: RestoreRun
  /** Steps whose results are taken over, in the plan's order. */
  readonly kept: readonly string[]
  /** Steps that had a result and run again. */
  readonly again: readonly string[]
}

/**
 * A new run that begins with the results of another one. Again run the step `from`, steps that the new plan says otherwise or
 * that read a changed key of the state, and whatever is behind any of these; what succeeded beside them, or was skipped by a
 * routing decision, is taken over at no cost.
 * @param after the plan of the new run: the first one's, or a changed one
 * @throws {ForkError} `fork/step` · `fork/state` @throws {StartOptionError} the run id
 */
export function planFork(origin: LoadedRun, before: Plan, after: Plan, fork: Fork): PlannedFork {
  const { header } = origin
  const from = after.byId.get(fork.from)
  if (from === undefined) throw ForkError.noStep(fork.from, after)
  const folds = foldSteps(header.runId, origin.records)
  const keys = Object.keys(fork.state ?? {})
  const changed = [from, ...changedSteps(before, after)]
  const early = behind(after, changed)
  const hasLeft = (node: PlanNode): boolean => !early.has(node) && folds.get(node.id)?.status === 'success'
  const writers = writersOf(after, keys, hasLeft)
  const isRerun = behind(after, [...changed, ...readersOf(after, keys, writers)])
  const kept = after.nodes.filter((node) => !isRerun.has(node) && isKept(before, folds.get(node.id)))
  const written = kept.flatMap((node) => writers.get(node) ?? [])
  const start = startCommand(after, {
    runId: fork.runId,
    inputValue: { ...parseInput(header.input), ...without(fork.state ?? {}, written) },
    tenant: header.tenant,
    priority: header.priority,
    tags: header.tags,
  })
  const records = recordsOf(origin, { before, after, kept, isRerun, folds, fork, writers })
  return {
    restore: { start, records, replaces: null },
    kept: kept.map(({ id }) => id),
    again: [...isRerun].filter(({ id }) => isKept(before, folds.get(id))).map(({ id }) => id),
  }
}

function isKept(before: Plan, fold: StepFold | undefined): boolean {
  if (fold?.status === 'success') return true
  return fold?.status === 'skipped' && fold.cause !== null && failedStepOf(before, fold.cause) === null
}

function changedSteps(before: Plan, after: Plan): readonly PlanNode[] {
  const ids = new Set(planDifferences(before, after).map(({ stepId }) => stepId))
  return after.nodes.filter((node) => ids.has(node.id) || !hasSameSources(before, after, node))
}

export function hasSameSources(before: Plan, after: Plan, node: PlanNode): boolean {
  const earlier = before.byId.get(node.id)
  if (earlier === undefined) return false
  return (
    idsOf(before, earlier.sources) === idsOf(after, node.sources) &&
    idsOf(before, earlier.dependsOn) === idsOf(after, node.dependsOn)
  )
}

function idsOf(plan: Plan, indexes: readonly number[]): string {
  return JSON.stringify(indexes.map((index) => nodeAt(plan, index).id).toSorted())
}

/** Steps that keep their results, and have written one of the changed keys. @throws {ForkError} where one wrote a part of it */
function writersOf(
  plan: Plan,
  keys: readonly string[],
  hasLeft: (node: PlanNode) => boolean,
): ReadonlyMap<PlanNode, string> {
  const writers = new Map<PlanNode, string>()
  for (const node of plan.nodes) {
    const { output } = node.step
    const key = output === null || 'broken' in output ? undefined : output.segments[0]
    if (output === null || 'broken' in output || typeof key !== 'string' || !keys.includes(key) || !hasLeft(node))
      continue
    if (output.segments.length > 1) throw ForkError.writtenInParts(key, node.id)
    writers.set(node, key)
  }
  return writers
}

/** Whoever sees another value now: what a writer has left in its stead, or else the initial one. */
function readersOf(plan: Plan, keys: readonly string[], writers: ReadonlyMap<PlanNode, string>): readonly PlanNode[] {
  const written = new Set([...writers.keys()].map(({ index }) => index))
  const initial = without(Object.fromEntries(keys.map((key) => [key, null])), [...writers.values()])
  return plan.nodes.filter((node) => {
    if (node.reads.some((index) => written.has(index))) return true
    const read = stateKeysRead(node.step)
    return Object.keys(initial).some((key) => read === null || read.has(key))
  })
}

/** These steps, and all that depend on them. */
function behind(plan: Plan, changed: readonly PlanNode[]): ReadonlySet<PlanNode> {
  const own = new Set(changed)
  const found = new Set<PlanNode>()
  for (const node of plan.nodes) {
    const isBehind = node.sources.some((index) => found.has(nodeAt(plan, index)))
    if (own.has(node) || isBehind) found.add(node)
  }
  return found
}

function without(state: ValueMap, keys: readonly string[]): ValueMap {
  return Object.fromEntries(Object.entries(state).filter(([key]) => !keys.includes(key)))
}

interface Taken {
  readonly before: Plan
  readonly after: Plan
  readonly kept: readonly PlanNode[]
  readonly isRerun: ReadonlySet<PlanNode>
  readonly folds: ReadonlyMap<string, StepFold>
  readonly fork: Fork
  readonly writers: ReadonlyMap<PlanNode, string>
}

/** What was given to the run stays given, but for decisions about what runs again; of its steps the last word of those that are kept. */
function recordsOf({ header, records }: LoadedRun, taken: Taken): readonly JournalRecord[] {
  const { fork, isRerun, kept } = taken
  const { nowMs: atMs } = fork
  const again = [...isRerun].map(({ id }) => id)
  const given = records.flatMap((record): JournalRecord[] =>
    record.kind === 'signalled' && !isDecisionAbout(record.name, again) ? [{ ...record, atMs }] : [],
  )
  return [
    { kind: 'started', atMs },
    { kind: 'forked', atMs, from: { runId: header.runId, stepId: fork.from } },
    ...given,
    ...kept.flatMap((node) => keptRecords(node, taken)),
  ]
}

function keptRecords(node: PlanNode, { before, after, folds, fork, writers }: Taken): readonly JournalRecord[] {
  const fold = folds.get(node.id)
  const { nowMs: atMs } = fork
  const stepId = node.id
  if (fold === undefined) return []
  if (fold.cause !== null) {
    const cause = movedCause(before, after, { stepId, cause: fold.cause })
    return cause === null ? [] : [{ kind: 'skipped', atMs, stepId, cause }]
  }
  const { epoch, wake, usage } = fold
  const given = writtenBy(node, fork.state ?? {}, writers)
  const output = given ?? fold.output ?? 'null'
  const free = { ...NO_USAGE, model: usage.model, provider: usage.provider }
  const woken: readonly JournalRecord[] = wake === null ? [] : [{ kind: 'woken', atMs, stepId, wake }]
  return [...woken, { kind: 'committed', atMs, stepId, epoch, usage: free, output }]
}

function writtenBy(node: PlanNode, state: ValueMap, writers: ReadonlyMap<PlanNode, string>): string | null {
  const key = writers.get(node)
  const value: Value | undefined = key === undefined ? undefined : state[key]
  return value === undefined ? null : writeValue(value)
}
