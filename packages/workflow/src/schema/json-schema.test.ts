import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { workflowSchema } from './workflow-schema.ts'

// docs/workflow.schema.json is what editors check workflow files against (`# yaml-language-server: $schema=…`).

const FILE = new URL('../../../../docs/workflow.schema.json', import.meta.url)

/** Read by the schema and refused by the compiler (`not-yet.ts`): an editor must not offer them. */
const NOT_YET_TYPES = ['subworkflow', 'approval_gate']
const NOT_YET_KEYS = ['state_schema', 'redact']
const NOT_YET_STEP_KEYS = [
  'attachments',
  'thinking',
  'tools',
  'tool_choice',
  'max_tool_iterations',
  'workflow_path',
  'workflow_inline',
  'isolated_state',
  'return_keys',
  'timeout_seconds',
  'on_timeout',
  'notify',
]

type JsonSchema = z.core.JSONSchema.BaseSchema

/** Stricter than the loader in one way: numbers and flags written as text are taken by it and marked by an editor. */
function workflowJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(workflowSchema, {
    target: 'draft-7', // what yaml-language-server knows best
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      if (zodSchema._zod.def.type === 'custom') jsonSchema.type = 'object'
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      const properties = jsonSchema.properties ?? {}
      for (const key of 'tool_name' in properties ? NOT_YET_STEP_KEYS : NOT_YET_KEYS) delete properties[key]
      if (Array.isArray(jsonSchema.enum)) jsonSchema.enum = jsonSchema.enum.filter((one) => !isNotYet(one))
    },
  })
  return { ...schema, title: 'agentloom workflow', patternProperties: { '^x-': {} }, additionalProperties: false }
}

function isNotYet(value: unknown): boolean {
  return typeof value === 'string' && NOT_YET_TYPES.includes(value)
}

test('docs/workflow.schema.json says what the schema says', () => {
  const text = `${JSON.stringify(workflowJsonSchema(), null, 2)}\n`
  if (process.env['AGENTLOOM_WRITE_DOCS'] === '1') writeFileSync(FILE, text)
  expect(
    readFileSync(FILE, 'utf8') === text,
    'AGENTLOOM_WRITE_DOCS=1 npx vitest run packages/workflow/src/schema/json-schema.test.ts writes it again',
  ).toBe(true)
})
