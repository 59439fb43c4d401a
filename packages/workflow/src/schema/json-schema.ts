import { z } from 'zod'
import { KEY_TEXTS } from './json-schema-texts.ts'
import { workflowSchema } from './workflow-schema.ts'

/** Unknown keys are marked, though below the top level the loader only warns of them; `x-…` are the user's. */
const OWN_KEYS = { patternProperties: { '^x-': {} }, additionalProperties: false } as const

export type JsonSchema = z.core.JSONSchema.BaseSchema

/**
 * The JSON Schema (draft 7) of workflow files, for editors. Stricter than the loader in two ways: numbers and flags written
 * as text, and unknown keys below the top level, are taken by it and marked by an editor.
 */
export function workflowJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(workflowSchema, {
    target: 'draft-7', // what yaml-language-server knows best
    io: 'input',
    unrepresentable: 'any',
    override({ jsonSchema }) {
      if (jsonSchema.properties !== undefined) Object.assign(jsonSchema, OWN_KEYS)
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    },
  })
  describe(schema)
  return { ...schema, title: 'agentloom workflow' }
}

/** Adds what an editor shows of a key, wherever {@link KEY_TEXTS} knows the mapping. Changes the schema in place. */
function describe(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return
  for (const below of Object.values(schema)) describe(below)
  if (!('properties' in schema) || typeof schema.properties !== 'object' || schema.properties === null) return
  const properties: { [key: string]: unknown } = { ...schema.properties }
  const mark = Object.keys(KEY_TEXTS).find((key) => Object.hasOwn(properties, key))
  const texts = mark === undefined ? {} : KEY_TEXTS[mark]
  for (const [key, description] of Object.entries(texts ?? {})) {
    const property = properties[key]
    if (typeof property === 'object' && property !== null) properties[key] = { description, ...property }
  }
  schema.properties = properties
}
