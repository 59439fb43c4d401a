import { compileWorkflow, isList, isMapping, type Definition, type Plan, type Value } from '@agentloom/workflow'
import { stateFromPairs } from '../command-line/state-pairs.ts'
import { invalid } from '../command-line/numbers.ts'
import type { Io } from '../io/io.ts'
import type { Settings } from '../settings.ts'
import { printable } from '../terminal/printable.ts'
import { loadPlan } from './load.ts'

export interface PlanChanges {
  /** In place of the plan's own text. */
  readonly file?: string | undefined
  /** Of the step `from`. */
  readonly model?: string | undefined
  readonly from: string
  /** `step.field=value`, or `:=` JSON. */
  readonly set: readonly string[]
}

/** A plan with what the command line says in place of it. @throws {UsageError} {WorkflowError} {FileError} */
export async function changedPlan(
  plan: Plan,
  { file, model, from, set }: PlanChanges,
  { io, settings }: { readonly io: Io; readonly settings: Settings },
): Promise<Plan> {
  const { definition } = file === undefined ? plan : await planOfFile(file, plan, io, settings)
  const fields = [...stateFromPairs(set)].map(([name, value]) => ({ ...placeOf(name, definition), value }))
  if (model !== undefined) fields.push({ stepId: from, field: 'model', value: model })
  if (file === undefined && fields.length === 0) return plan
  return compileWorkflow(fields.reduce(withField, definition), { redact: plan.redact }).plan
}

export async function planOfFile(file: string, plan: Plan, io: Io, settings: Settings): Promise<Plan> {
  const { compat } = plan.definition
  return (await loadPlan({ file, cwd: io.cwd(), compat, settings, overrides: {} })).plan
}

/** A step's id may have dots; the longest that fits is meant. */
function placeOf(name: string, { workflow }: Definition): { readonly stepId: string; readonly field: string } {
  const ids = idsIn(workflow['steps']).filter((id) => name.startsWith(`${id}.`))
  const stepId = ids.toSorted((a, b) => b.length - a.length)[0]
  if (stepId === undefined || name.length === stepId.length + 1)
    throw invalid('--set', `'${printable(name)}' names no field of a step: give STEP.FIELD=VALUE.`)
  return { stepId, field: name.slice(stepId.length + 1) }
}

function idsIn(steps: Value | undefined): readonly string[] {
  if (steps === undefined || !isList(steps)) return []
  return steps.flatMap((step) => (isMapping(step) && typeof step['id'] === 'string' ? [step['id']] : []))
}

function withField(
  definition: Definition,
  { stepId, field, value }: { readonly stepId: string; readonly field: string; readonly value: Value },
): Definition {
  const { steps = [] } = definition.workflow
  if (!isList(steps)) return definition
  const changed = steps.map((step) => (isMapping(step) && step['id'] === stepId ? { ...step, [field]: value } : step))
  return { ...definition, workflow: { ...definition.workflow, steps: changed } }
}
