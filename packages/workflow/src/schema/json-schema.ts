import { z } from 'zod'
import { workflowSchema } from './workflow-schema.ts'

export type JsonSchema = z.core.JSONSchema.BaseSchema

/**
 * The JSON Schema (draft 7) of workflow files, for editors. Stricter than the loader in one way: numbers and flags written
 * as text are taken by it and marked by an editor.
 */
export function workflowJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(workflowSchema, {
    target: 'draft-7', // what yaml-language-server knows best
    io: 'input',
    unrepresentable: 'any',
    override({ jsonSchema }) {
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    },
  })
  return { ...schema, title: 'agentloom workflow', patternProperties: { '^x-': {} }, additionalProperties: false }
}
