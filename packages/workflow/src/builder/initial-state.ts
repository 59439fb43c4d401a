import { z } from 'zod'
import { fromPlain } from '../value/from-plain.ts'
import type { Value, ValueMap } from '../value/value.ts'

/**
 * The state that a declared input begins with: the schema's default, else what is empty for its type. A run's input is
 * laid over it, so that references to it are never unknown.
 */
export function initialStateOf(input: z.ZodObject | null): ValueMap {
  const state: Record<string, Value> = {}
  if (input === null) return state
  for (const [key, schema] of Object.entries(input.shape)) state[key] = emptyOf(schema)
  return state
}

function emptyOf(schema: z.core.$ZodType): Value {
  const result = z.safeParse(schema, undefined)
  if (result.success && result.data !== undefined) return fromPlain(result.data)
  switch (schema._zod.def.type) {
    case 'string':
      return ''
    case 'number':
      return 0
    case 'boolean':
      return false
    case 'array':
      return []
    default:
      return null
  }
}
