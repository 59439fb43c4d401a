import { z } from 'zod'
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
  return { ...schema, title: 'agentloom workflow' }
}
