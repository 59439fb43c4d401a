import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { call, folderWith } from '../io/fake-io.fixture.ts'

const DOUBTFUL = `name: triage
config: {model: gpt-5-mini}
steps:
  - {id: classify, type: llm_call, prompt: "Bug or question? {state.tickt}", output: kind}
  - id: route
    type: router
    depends_on: [classify]
    conditions:
      - {expression: "'bug' in state.kind", target: file_bug}
      - {expression: "'question' in state.kind", target: answer}
  - {id: file_bug, type: llm_call, depends_on: [route], prompt: "File it", output: issue}
  - {id: answer, type: llm_call, depends_on: [route], prompt: "Answer it"}
  - {id: lost, type: llm_call, depends_on: [route], prompt: "Never"}
state: {ticket: ""}
`

const TWO_MISTAKES = `name: w
steps:
  - {id: a, type: tol, prompt: hi}
  - id: b
    type: tool
    timeout: soon
`

test('validate shows the plan on stdout, and every finding with its line, a caret and what to do on stderr', async () => {
  const { code, stdout, stderr } = await call(['validate', 'flow.yaml'], { cwd: folderWith({ 'flow.yaml': DOUBTFUL }) })
  expect(code).toBe(0)
  expect(stdout).toContain("Workflow 'triage' is valid.\n")
  expect(stdout).toContain('    Layer 2: answer, file_bug, lost (parallel)\n')
  expect(stderr).toBe(`warning  workflow/unknown-reference   (an error with strict: true, and in the TypeScript builder)
  flow.yaml:4:63  steps[0].prompt
   3 │ steps:
   4 │   - {id: classify, type: llm_call, prompt: "Bug or question? {state.tickt}", output: kind}
     │                                                               ^^^^^^^^^^^ nothing writes state.tickt
  help: did you mean state.ticket (initial state)?
  docs: docs/errors.md#workflow-unknown-reference

warning  lint/router-without-default   (an error with strict: true)
  flow.yaml:8:5  steps[1].conditions
   7 │     depends_on: [classify]
   8 │     conditions:
     │     ^^^^^^^^^^ the router fails where none of its conditions holds
  help: add a \`default\`
  docs: docs/errors.md#lint-router-without-default

warning  lint/unreachable   (an error with strict: true)
  flow.yaml:13:10  steps[4].id
  12 │   - {id: answer, type: llm_call, depends_on: [route], prompt: "Answer it"}
  13 │   - {id: lost, type: llm_call, depends_on: [route], prompt: "Never"}
     │          ^^^^ 'lost' never runs: the router 'route' never chooses it
  help: make it a target of 'route', or let it depend on the router's targets instead
  docs: docs/errors.md#lint-unreachable
`)
})

test('under --strict what the linter finds refuses the file', async () => {
  const text = DOUBTFUL.replace('tickt', 'ticket')
  const cwd = folderWith({ 'flow.yaml': text })
  const { code, stdout, stderr } = await call(['validate', 'flow.yaml', '--strict'], { cwd })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain('error  lint/unreachable\n')
  const { stdout: json } = await call(['validate', 'flow.yaml', '--strict', '--json'], { cwd })
  expect(JSON.parse(json)).toMatchObject({ valid: false, errors: [{ line: 8 }, { line: 13, column: 10 }] })
})

test('several errors come at once', async () => {
  const { code, stderr } = await call(['validate', 'flow.yaml'], { cwd: folderWith({ 'flow.yaml': TWO_MISTAKES }) })
  expect(code).toBe(1)
  expect(stderr.match(/^ {2}flow\.yaml:\d+:\d+/gm)).toEqual(['  flow.yaml:3:19', '  flow.yaml:6:14'])
})

test('validate warns of a budget that knows no price, unless the price file has one', async () => {
  const text = 'name: w\nconfig: {model: house-model, budget_usd: 1}\nsteps: [{id: a, type: llm_call, prompt: hi}]\n'
  const cwd = folderWith({ 'flow.yaml': text, 'prices.json': '{"house-model": {"input": 0.1, "output": 0.2}}' })
  expect((await call(['validate', 'flow.yaml'], { cwd })).stderr).toContain('lint/budget-without-price')
  const env = { AGENTLOOM_PRICING_FILE: 'prices.json' }
  expect((await call(['validate', 'flow.yaml'], { cwd, env })).stderr).toBe('')
})

test('visualize draws layers for a terminal', async () => {
  const { code, stdout, stderr } = await call(['visualize', 'flow.yaml'], {
    cwd: folderWith({ 'flow.yaml': DOUBTFUL }),
  })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain('[IF/ELSE: route]')
  expect(stdout).toContain('[LLM: answer]   [LLM: file_bug]   [LLM: lost]')
})

test('the format follows from the ending of the file, and Mermaid is fenced in a document only', async () => {
  const cwd = folderWith({ 'flow.yaml': DOUBTFUL })
  for (const name of ['flow.md', 'flow.mmd', 'flow.dot', 'flow.pnml', 'flow.json']) {
    expect(await call(['visualize', 'flow.yaml', '-o', name], { cwd })).toMatchObject({ code: 0, stdout: '' })
  }
  const written = (name: string): string => readFileSync(join(cwd, name), 'utf8')
  expect(written('flow.md')).toMatch(/^```mermaid\ngraph TD\n[^]*\n```\n$/)
  expect(written('flow.mmd')).toMatch(/^graph TD\n/)
  expect(written('flow.dot')).toMatch(/^digraph "triage" \{/)
  expect(written('flow.pnml')).toMatch(/^<\?xml /)
  expect(JSON.parse(written('flow.json'))).toMatchObject({ workflow: 'triage', unreachable: ['lost'] })
  const shown = await call(['visualize', 'flow.yaml', '--json'], { cwd })
  expect(shown.stdout).toBe(written('flow.json'))
})

test.each([
  [['visualize', 'flow.yaml', '-f', 'svg'], 2, 'Allowed choices are ascii, mermaid, dot, pnml, json'],
  [['visualize', 'flow.yaml', '-f', 'dot', '--json'], 2, 'contradict each other'],
  [['visualize', 'nothing.yaml'], 2, 'does not exist'],
  [['visualize', 'broken.yaml'], 1, 'workflow/schema'],
  [['visualize', 'flow.yaml', '-o', 'no/such/folder.dot'], 1, 'output/unwritten'],
])('%j', async (args, code, says) => {
  const cwd = folderWith({ 'flow.yaml': DOUBTFUL, 'broken.yaml': TWO_MISTAKES })
  const called = await call(args, { cwd })
  expect(called).toMatchObject({ code, stdout: '' })
  expect(called.stderr).toContain(says)
})

test('schema prints the JSON Schema of docs/', async () => {
  const cwd = folderWith()
  const published = readFileSync(join(import.meta.dirname, '../../../../docs/workflow.schema.json'), 'utf8')
  expect(await call(['schema'], { cwd })).toMatchObject({ code: 0, stdout: published, stderr: '' })
  await call(['schema', '-o', 'workflow.schema.json'], { cwd })
  expect(readFileSync(join(cwd, 'workflow.schema.json'), 'utf8')).toBe(published)
})
