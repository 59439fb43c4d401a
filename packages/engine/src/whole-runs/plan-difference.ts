import {
  canonicalJson,
  isList,
  isMapping,
  type Definition,
  type Plan,
  type Value,
  type ValueMap,
} from '@agentloom/workflow'

/** A part of a workflow that reads otherwise in another one. Values are JSON texts; null where the part is missing. */
export interface PartDifference {
  /** Null: it belongs to the whole workflow. */
  readonly stepId: string | null
  /** As the user writes it: `prompt`, `config.model`; null: the whole step is missing on one side. */
  readonly field: string | null
  readonly before: string | null
  readonly after: string | null
}

/** Where two workflows differ, the parts of the whole first, then step by step in the first one's order. */
export function planDifferences(before: Plan, after: Plan): readonly PartDifference[] {
  const [ours, theirs] = [stepsOf(before), stepsOf(after)]
  const found = [...wholeDifferences(before.definition, after.definition)]
  for (const id of new Set([...before.nodes, ...after.nodes].map((node) => node.id))) {
    const [a, b] = [ours.get(id), theirs.get(id)]
    if (a === undefined || b === undefined) {
      found.push({ stepId: id, field: null, before: textOf(a), after: textOf(b) })
      continue
    }
    found.push(...stepDifferences(id, { step: a, plan: before }, { step: b, plan: after }))
  }
  return found
}

interface Side {
  readonly step: ValueMap
  readonly plan: Plan
}

function stepDifferences(stepId: string, a: Side, b: Side): readonly PartDifference[] {
  const found: PartDifference[] = []
  for (const field of fieldsOf(a.step, b.step)) {
    const [before, after] = [a.step[field], b.step[field]]
    const isSame =
      textOf(before) === textOf(after) && filesOf(a.plan.definition, before) === filesOf(b.plan.definition, after)
    if (!isSame) found.push({ stepId, field, before: textOf(before), after: textOf(after) })
  }
  const [ours, theirs] = [modelOf(a.plan, stepId), modelOf(b.plan, stepId)]
  if (ours !== theirs && !found.some(({ field }) => field === 'model'))
    found.push({ stepId, field: 'model', before: textOf(ours ?? undefined), after: textOf(theirs ?? undefined) })
  return found
}

function wholeDifferences({ workflow: a }: Definition, { workflow: b }: Definition): readonly PartDifference[] {
  return fieldsOf(a, b)
    .filter((field) => field !== 'steps')
    .flatMap((field) => {
      const [before, after] = [a[field], b[field]]
      if (!isMapping(before ?? {}) || !isMapping(after ?? {})) return differenceOf(field, before, after)
      const [ours, theirs] = [(before ?? {}) as ValueMap, (after ?? {}) as ValueMap]
      return fieldsOf(ours, theirs).flatMap((key) => differenceOf(`${field}.${key}`, ours[key], theirs[key]))
    })
}

function differenceOf(field: string, a: Value | undefined, b: Value | undefined): readonly PartDifference[] {
  const [before, after] = [textOf(a), textOf(b)]
  return before === after ? [] : [{ stepId: null, field, before, after }]
}

function fieldsOf(a: ValueMap, b: ValueMap): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
}

function textOf(value: Value | undefined): string | null {
  return value === undefined ? null : canonicalJson(value)
}

/** By the workflow's own default where the step names none. */
function modelOf({ byId }: Plan, stepId: string): string | null {
  const step = byId.get(stepId)?.step
  return step?.type === 'llm_call' ? step.model : null
}

/** Texts of the files that a value names, and of those below them. */
function filesOf({ files }: Definition, value: Value | undefined): string {
  if (typeof value !== 'string' || !Object.hasOwn(files, value)) return ''
  const names = Object.keys(files).filter((name) => name === value || name.startsWith(`${value}\n`))
  return JSON.stringify(names.toSorted().map((name) => [name, files[name]]))
}

export function stepsOf({ definition }: Plan): ReadonlyMap<string, ValueMap> {
  const steps = definition.workflow['steps'] ?? []
  const found = new Map<string, ValueMap>()
  for (const step of isList(steps) ? steps : []) {
    const id = isMapping(step) ? step['id'] : undefined
    if (isMapping(step) && typeof id === 'string') found.set(id, step)
  }
  return found
}
