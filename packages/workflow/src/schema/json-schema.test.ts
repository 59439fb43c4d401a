import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { workflowJsonSchema } from './json-schema.ts'

// docs/workflow.schema.json is what editors check workflow files against (`# yaml-language-server: $schema=…`).

const FILE = new URL('../../../../docs/workflow.schema.json', import.meta.url)

test('docs/workflow.schema.json says what the schema says', () => {
  const text = `${JSON.stringify(workflowJsonSchema(), null, 2)}\n`
  if (process.env['AGENTLOOM_WRITE_DOCS'] === '1') writeFileSync(FILE, text)
  expect(
    readFileSync(FILE, 'utf8') === text,
    'AGENTLOOM_WRITE_DOCS=1 npx vitest run packages/workflow/src/schema/json-schema.test.ts writes it again',
  ).toBe(true)
})
