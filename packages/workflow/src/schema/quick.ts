import type { z } from 'zod'
import { isList, isMapping, type Value, type ValueMap } from '../value/value.ts'
import { stepShape } from './step-schema.ts'
import { type StepText, type WorkflowText, workflowSchema } from './workflow-schema.ts'

// Steps have some fifty keys and use five: reading those that are there, and copying the defaults of the others, takes a fifth
// of the time that the schema takes for all. Whatever is not plainly right is left to the schema, which knows the reasons.

/** The same as `workflowSchema` gives, or null where that must look itself. */
export function quickParse(workflow: ValueMap): WorkflowText | null {
  const { steps } = workflow
  if (steps === undefined || !isList(steps)) return null
  const head = workflowSchema.safeParse({ ...workflow, steps: [] })
  if (!head.success) return null
  const read: StepText[] = []
  for (const step of steps) {
    const one = quickStep(step)
    if (one === null) return null
    read.push(one)
  }
  return { ...head.data, steps: read }
}

type Field = (value: Value) => unknown

const REFUSED = Symbol('refused')
const REQUIRED = ['id', 'type']
// As one plain type: TypeScript gives up on the union of all fifty.
const SHAPE: { readonly [key: string]: z.ZodType } = stepShape
const FIELDS: ReadonlyMap<string, Field> = new Map(Object.entries(SHAPE).map(([key, schema]) => [key, fieldOf(schema)]))
const DEFAULTS: { readonly [key: string]: unknown } = Object.fromEntries(
  Object.entries(SHAPE).flatMap(([key, schema]) => {
    const result = schema.safeParse(undefined)
    return result.success && result.data !== undefined ? [[key, result.data]] : []
  }),
)

function quickStep(step: Value): StepText | null {
  if (!isMapping(step)) return null
  const read: Record<string, unknown> = { ...DEFAULTS }
  for (const key of Object.keys(step)) {
    const field = FIELDS.get(key)
    if (field === undefined) continue
    const value = field(step[key] ?? null)
    if (value === REFUSED) return null
    read[key] = value
  }
  for (const key of REQUIRED) if (read[key] === undefined) return null
  // Each key was read by the schema of its own, or is of the type that it asks for.
  return read as StepText
}

function fieldOf(schema: z.ZodType): Field {
  const isRight = testOf(schema)
  const parse = (value: Value): unknown => {
    const result = schema.safeParse(value)
    return result.success ? result.data : REFUSED
  }
  return isRight === null ? parse : (value) => (isRight(value) ? value : REFUSED)
}

/** A test for schemas that take a value as it is, or refuse it; null for those that make something of it. */
function testOf(schema: z.core.$ZodType): ((value: unknown) => boolean) | null {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'default':
    case 'optional':
      return testOf(def.innerType)
    case 'nullable': {
      const isRight = testOf(def.innerType)
      return isRight === null ? null : (value) => value === null || isRight(value)
    }
    case 'string':
      return (def.checks ?? []).length === 0 ? (value) => typeof value === 'string' : null
    case 'enum': {
      const values = new Set<unknown>(Object.values(def.entries))
      return (value) => values.has(value)
    }
    case 'custom':
      return (value) => Boolean(def.fn(value))
    case 'array': {
      const isRight = testOf(def.element)
      return isRight === null ? null : (value) => Array.isArray(value) && value.every(isRight)
    }
    default:
      return null
  }
}
