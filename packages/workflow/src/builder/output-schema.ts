import { z } from 'zod'
import { fromPlain } from '../value/from-plain.ts'
import { isMapping, type ValueMap } from '../value/value.ts'
import { BuilderError } from './errors.ts'

/** A zod schema, or a JSON Schema as it is → a JSON Schema. */
export function asJsonSchema(schema: object): ValueMap {
  const value = fromPlain(isZod(schema) ? jsonSchemaOf(schema) : schema)
  if (!isMapping(value)) throw new BuilderError('an output schema is a mapping')
  return value
}

function jsonSchemaOf(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return rest
}

function isZod(schema: object): schema is z.ZodType {
  return '_zod' in schema
}
