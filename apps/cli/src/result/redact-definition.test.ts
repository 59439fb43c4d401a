import { expect, test } from 'vitest'
import { redactDefinition } from './redact-definition.ts'

const S = expect.stringMatching(/^<REDACTED:sha256=[0-9a-f]{16}>$/)

test('hides values of the user and no key of the format', () => {
  const workflow = {
    name: 'token',
    config: { model: 'm', max_tokens: 5 },
    state: { token: 'secret', city: 'Lyon' },
    steps: [
      { id: 'token', type: 'tool', max_tokens: 7, tool_args: { token: 'secret', city: 'Lyon' } },
      { id: 'g', type: 'approval_gate', notify: { url: 'u', headers: { token: 'secret' } } },
      {
        id: 's',
        type: 'subworkflow',
        input: { token: 'x' },
        workflow_inline: { name: 'c', state: { token: 'y' }, steps: [] },
      },
      { id: 'e', type: 'foreach', step: { type: 'tool', tool_args: { token: 'z' } } },
    ],
  }
  expect(redactDefinition(workflow, ['*token*', 'id', 'model', 'name'])).toEqual({
    name: 'token',
    config: { model: 'm', max_tokens: 5 },
    state: { token: S, city: 'Lyon' },
    steps: [
      { id: 'token', type: 'tool', max_tokens: 7, tool_args: { token: S, city: 'Lyon' } },
      { id: 'g', type: 'approval_gate', notify: { url: 'u', headers: { token: S } } },
      {
        id: 's',
        type: 'subworkflow',
        input: { token: S },
        workflow_inline: { name: 'c', state: { token: S }, steps: [] },
      },
      { id: 'e', type: 'foreach', step: { type: 'tool', tool_args: { token: S } } },
    ],
  })
  expect(redactDefinition(workflow, [])).toBe(workflow)
})
