import { canonicalJson, redact, writeValue, type Plan, type ValueMap } from '@agentloom/workflow'
import { parseInput, type RunView, type StepStatus, type StepView } from '../fold/run-view.ts'
import { nodeAt } from '../schedule/verdicts.ts'
import { planDifferences, type PartDifference } from './plan-difference.ts'

export interface RunSide {
  readonly plan: Plan
  readonly view: RunView
  /** JSON text, as the header has it. */
  readonly input: string
}

export interface StepSide {
  readonly status: StepStatus
  /** JSON text. */
  readonly output: string
  readonly costNanoUsd: number
  readonly durationMs: number
}

export interface StepDifference {
  readonly stepId: string
  readonly isSame: boolean
  /** Null: nothing is decided of it, or it is no step of this run. */
  readonly first: StepSide | null
  readonly second: StepSide | null
}

export interface RunDifference {
  /** In the workflows and in what the runs were started with, as `input.KEY`. */
  readonly parts: readonly PartDifference[]
  /** All steps in the first plan's order, then those that only the second has. */
  readonly steps: readonly StepDifference[]
  /** Steps with another outcome or output although all before them are the same: here the runs part. */
  readonly partAt: readonly string[]
  readonly isSame: boolean
}

/** Where two runs part: what their workflows say otherwise, and what came of each step. Redacted as their views are. */
export function diffRuns(first: RunSide, second: RunSide): RunDifference {
  const parts = [...inputDifferences(first, second), ...planDifferences(first.plan, second.plan)]
  const ids = [...first.plan.nodes, ...second.plan.nodes, ...first.view.steps, ...second.view.steps].map(({ id }) => id)
  const [ours, theirs] = [stepsOf(first.view), stepsOf(second.view)]
  const steps = [...new Set(ids)].map((stepId): StepDifference => {
    const [a, b] = [ours.get(stepId) ?? null, theirs.get(stepId) ?? null]
    return { stepId, isSame: a?.status === b?.status && a?.output === b?.output, first: a, second: b }
  })
  const different = new Set(steps.filter(({ isSame }) => !isSame).map(({ stepId }) => stepId))
  const partAt = [...different].filter((id) => !sourcesOf(first.plan, id).some((source) => different.has(source)))
  return {
    parts,
    steps,
    partAt,
    isSame: parts.length === 0 && different.size === 0 && first.view.status === second.view.status,
  }
}

function stepsOf({ steps }: RunView): ReadonlyMap<string, StepSide> {
  return new Map(steps.map((step) => [step.id, sideOf(step)]))
}

function sideOf({ status, output, costNanoUsd, durationMs }: StepView): StepSide {
  return { status, output: writeValue(output), costNanoUsd, durationMs }
}

function sourcesOf(plan: Plan, stepId: string): readonly string[] {
  return (plan.byId.get(stepId)?.sources ?? []).map((index) => nodeAt(plan, index).id)
}

function inputDifferences(first: RunSide, second: RunSide): readonly PartDifference[] {
  const [a, b] = [inputOf(first), inputOf(second)]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) => {
    const [before, after] = [textOf(a, key), textOf(b, key)]
    return before === after ? [] : [{ stepId: null, field: `input.${key}`, before, after }]
  })
}

function inputOf({ plan, input }: RunSide): ValueMap {
  return redact(parseInput(input), plan.redact)
}

function textOf(input: ValueMap, key: string): string | null {
  const value = input[key]
  return value === undefined ? null : canonicalJson(value)
}
