// Where the Python engine's behaviour is marked as odd: what a workflow gets here, and what it gets under `compat: agentloom`. (How
// expressions and YAML differ, and which steps routers skip, stand in the tests of their rooms.)

import { expect, test } from 'vitest'
import { bothWays } from './both-ways.ts'

const SECRET = '<REDACTED:sha256=d0c04f4b1951e4ae>' // of "sesame"

test('a list or mapping equals what has the same content (case 126)', async () => {
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      state: {tags: [a, b]}
      steps:
        - {id: r, type: router, conditions: [{expression: "state.tags == ['a', 'b']", target: r}], default: other}
        - {id: other, type: router, default: other}`,
  })
  expect([plain.steps['r'], compat.steps['r']]).toEqual([
    ['success', 'r'],
    ['success', 'other'],
  ])
})

test('a step that ran out of time has failed, and so has its run (case 194)', async () => {
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      config: {provider: mock}
      steps:
        - {id: slow, type: tool, timeout: 0.05, retry: {max_retries: 0}, tool_name: shell_command, tool_args: {command: sleep 5}}
        - {id: next, type: llm_call, depends_on: [slow], prompt: hi}`,
  })
  expect(plain).toMatchObject({ status: 'failed', steps: { slow: ['timeout', null], next: ['skipped', null] } })
  expect(compat).toMatchObject({
    status: 'success',
    steps: { slow: ['timeout', null], next: ['success', 'Mock response'] },
  })
})

test('a child that ran out of time has failed, too (case 196)', async () => {
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      config: {provider: mock}
      steps:
        - id: slow
          type: subworkflow
          timeout: 0.1
          retry: {max_retries: 0}
          workflow_inline:
            name: child
            steps: [{id: nap, type: tool, tool_name: shell_command, tool_args: {command: sleep 5}}]
        - {id: next, type: llm_call, depends_on: [slow], prompt: hi}`,
  })
  expect(plain).toMatchObject({ status: 'failed', steps: { slow: ['timeout', null], next: ['skipped', null] } })
  expect(compat).toMatchObject({ status: 'success', steps: { slow: ['timeout', null] } })
})

test('a child with a step that ran out of time has failed (case 194, in a child)', async () => {
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      config: {provider: mock}
      steps:
        - id: slow
          type: subworkflow
          isolated_state: true
          retry: {max_retries: 0}
          return_keys: [after]
          workflow_inline:
            name: child
            config: {provider: mock}
            steps:
              - {id: nap, type: tool, timeout: 0.05, retry: {max_retries: 0}, tool_name: shell_command, tool_args: {command: sleep 5}}
              - {id: after, type: llm_call, depends_on: [nap], prompt: hi, output: after}`,
  })
  expect(plain).toMatchObject({ status: 'failed', steps: { slow: ['failed', {}] } })
  expect(compat).toMatchObject({ status: 'success', steps: { slow: ['success', { after: 'Mock response' }] } })
})

test('the time limit of a run ends it (case 201)', async () => {
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      config: {timeout: 0.1}
      steps: [{id: nap, type: tool, tool_name: shell_command, tool_args: {command: sleep 0.4}}]`,
  })
  expect([plain.status, compat.status]).toEqual(['timeout', 'success'])
})

test('the time limit of a command ends it (case 202)', async () => {
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      steps: [{id: nap, type: tool, tool_name: shell_command, tool_args: {command: "sleep 0.3; echo done", timeout: 0.05}}]`,
  })
  expect(plain.steps['nap']).toEqual(['success', { returncode: -1, stdout: '', stderr: 'Command timed out' }])
  expect(compat.steps['nap']).toEqual(['success', { returncode: 0, stdout: 'done\n', stderr: '' }])
})

test('a write that fails changes nothing (case 173)', async () => {
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      state: {other: 1}
      steps: [{id: a, type: tool, retry: {max_retries: 0}, tool_name: file_read, tool_args: {path: a.txt}, output: "p.rows[0]"}]`,
    files: { 'a.txt': 'A' },
  })
  expect(plain).toMatchObject({ status: 'failed', state: { other: 1 }, errors: { a: 'state/write' } })
  expect(plain.state).toEqual({ other: 1 })
  expect(compat.state).toEqual({ other: 1, p: { rows: {} } })
})

test("a later write into the state leaves a step's output as it was (case 178)", async () => {
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      steps:
        - {id: save, type: tool, tool_name: file_write, tool_args: {path: x.txt, content: one}, output: receipt}
        - {id: read, type: tool, depends_on: [save], tool_name: file_read, tool_args: {path: x.txt}, output: receipt.copy}
        - {id: over, type: tool, depends_on: [read], tool_name: file_read, tool_args: {path: x.txt}, output: receipt}
        - {id: late, type: tool, depends_on: [over], tool_name: file_read, tool_args: {path: x.txt}, output: more.copy}`,
  })
  expect(plain.steps['save']).toEqual(['success', { written: 3, path: 'x.txt' }])
  // What was put in its place is a thing of its own.
  expect(compat.steps['save']).toEqual(['success', { written: 3, path: 'x.txt', copy: 'one' }])
  expect([plain.state, compat.state]).toMatchObject([{ receipt: 'one' }, { receipt: 'one' }])
})

test('a step behind a gate sees real values, though results show none (case 317)', async () => {
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      state: {key: sesame}
      state_schema: {key: {redact: true}}
      steps:
        - {id: gate, type: approval_gate}
        - {id: use, type: tool, depends_on: [gate], tool_name: file_write, tool_args: {path: out.txt, content: "{state.key}"}}`,
    decisions: { gate: 'approved' },
  })
  expect(plain).toMatchObject({ state: { key: SECRET }, steps: { use: ['success', { written: 'sesame'.length }] } })
  expect(compat).toMatchObject({ state: { key: SECRET }, steps: { use: ['success', { written: SECRET.length }] } })
})

test('what routing skipped stays skipped behind a gate (case 265)', async () => {
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      config: {provider: mock}
      steps:
        - {id: choose, type: router, default: gate}
        - {id: gate, type: approval_gate, depends_on: [choose]}
        - {id: not, type: llm_call, depends_on: [choose], prompt: not}
        - {id: below, type: llm_call, depends_on: [not], prompt: below}`,
    decisions: { gate: 'approved' },
  })
  expect(plain.steps['below']).toEqual(['skipped', null])
  expect(compat.steps['below']).toEqual(['success', 'Mock response'])
})

test('a child that shares the state has its own as defaults, and input above it (cases 228, 232)', async () => {
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      config: {provider: mock}
      state: {order: lamps}
      steps:
        - id: quote
          type: subworkflow
          input: {extra: given}
          return_keys: [order, own, extra]
          workflow_inline: {name: child, state: {own: its own, order: none}, steps: []}`,
  })
  expect(plain.steps['quote']).toEqual(['success', { order: 'lamps', own: 'its own', extra: 'given' }])
  expect(compat.steps['quote']).toEqual(['success', { order: 'lamps' }])
})

test('input of a child is rendered (case 231)', async () => {
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      state: {order: 12}
      steps:
        - id: quote
          type: subworkflow
          isolated_state: true
          input: {text: "of {state.order}", raw: state.order, list: ["{state.order}"]}
          workflow_inline: {name: child, steps: []}`,
  })
  expect(plain.steps['quote']).toEqual(['success', { text: 'of 12', raw: 12, list: ['12'] }])
  expect(compat.steps['quote']).toEqual([
    'success',
    { text: 'of {state.order}', raw: 'state.order', list: ['{state.order}'] },
  ])
})

test("a child's own sandbox holds (case 246)", async () => {
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      steps:
        - id: quote
          type: subworkflow
          isolated_state: true
          retry: {max_retries: 0}
          workflow_inline:
            name: child
            config: {sandbox: {enabled: true, allowed_paths: [data]}}
            steps: [{id: read, type: tool, retry: {max_retries: 0}, tool_name: file_read, tool_args: {path: private.txt}}]`,
    files: { 'private.txt': 'p', 'data/d.txt': 'd' },
  })
  expect([plain.status, compat.status]).toEqual(['failed', 'success'])
})

test('a model may call what its step declares, and nothing else (case 293)', async () => {
  const call = { id: 'c', name: 'file_write', arguments: { path: 'made.txt', content: 'x' } }
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      config: {provider: mock, responses_file: responses.json}
      steps:
        - {id: draft, type: llm_call, prompt: go, tools: [{name: file_read}]}
        - {id: look, type: tool, depends_on: [draft], retry: {max_retries: 0}, tool_name: file_read, tool_args: {path: made.txt}}`,
    files: { 'responses.json': JSON.stringify({ draft: [{ tool_calls: [call] }, { content: 'done' }] }) },
  })
  expect(plain.steps).toMatchObject({ draft: ['success', 'done'], look: ['failed', null] })
  expect(compat.steps).toMatchObject({ draft: ['success', 'done'], look: ['success', 'x'] })
})

test('a step with tools does not stream (steps.md §2.5)', async () => {
  const call = { id: 'c', name: 'file_read', arguments: { path: 'a.txt' } }
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      config: {provider: mock, responses_file: responses.json, stream: true}
      steps: [{id: draft, type: llm_call, prompt: go, tools: [{name: file_read}]}]`,
    files: {
      'a.txt': 'a',
      'responses.json': JSON.stringify({ draft: [{ content: 'first', tool_calls: [call] }, { content: 'done' }] }),
    },
  })
  expect([plain.steps['draft'], compat.steps['draft']]).toEqual([
    ['success', 'done'],
    ['success', 'first'],
  ])
})

test('a decision lets a child go on, its finished steps are not run again (case 329)', async () => {
  const { plain, compat } = await bothWays({
    yaml: `
      name: w
      steps:
        - id: sort
          type: subworkflow
          isolated_state: true
          return_keys: []
          workflow_inline:
            name: child
            steps:
              - {id: mark, type: tool, tool_name: shell_command, tool_args: {command: "echo x >> marks.txt"}}
              - {id: gate, type: approval_gate, depends_on: [mark]}
        - {id: look, type: tool, depends_on: [sort], tool_name: file_read, tool_args: {path: marks.txt}}`,
    decisions: { 'sort.gate': 'approved' },
  })
  expect([plain.steps['look'], compat.steps['look']]).toEqual([
    ['success', 'x\n'],
    ['success', 'x\nx\n'],
  ])
})
