import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compileYaml } from '@agentloom/workflow'
import { describe, expect, test } from 'vitest'
import { testRun } from './test-run.ts'
import { triage } from './triage.fixture.ts'

test('a built workflow runs with the answers and handlers of its test', async () => {
  const t = await testRun(triage, {
    input: { ticket: 'it crashes' },
    answers: { classify: 'a bug' },
    functions: { 'file-bug': ({ text }: { text: string }) => ({ url: `https://tracker/${text.length}` }) },
  })
  expect(t.status).toBe('success')
  expect(t.steps['route']?.output).toBe('file_bug')
  expect(t.steps['answer']?.status).toBe('skipped')
  expect(t.outputs.issue?.url).toBe('https://tracker/10')
  expect(t.outputs.reply).toBeNull()
  expect(t.questions).toEqual([
    { stepId: 'classify', model: 'gpt-5-mini', system: null, prompt: 'Bug or question? it crashes' },
  ])
})

const yaml = `
name: letter
state: {to: Ada}
steps:
  - {id: draft, type: llm_call, prompt: 'Dear {state.to}', output: text, retry: {max_retries: 2}}
  - {id: send, type: tool, tool_name: post, tool_args: {text: state.text, copies: 2}, depends_on: [draft], output: sent, retry: {max_retries: 0}}
`
const post = { tools: { post: (args: object) => ({ ...args, at: 'noon' }) } }

test('YAML text and plans run too, and tools are those of the test', async () => {
  const options = { input: { to: 'Bo' }, answers: { draft: { text: 'Hi', tokens: 12, costUsd: 0.25 } }, ...post }
  const t = await testRun(yaml, options)
  expect(t.state).toMatchObject({ to: 'Bo', text: 'Hi', sent: { text: 'Hi', copies: 2, at: 'noon' } })
  expect(t).toMatchObject({ status: 'success', tokens: 12, costUsd: 0.25, error: null })
  expect(t.outputs['send']).toEqual({ text: 'Hi', copies: 2, at: 'noon' })
  expect(await testRun(compileYaml(yaml).plan, options)).toEqual(t)
})

test('answers are played attempt by attempt, and nobody waits for the retries', async () => {
  const startedAt = performance.now()
  const t = await testRun(yaml, {
    answers: { draft: [{ error: 'busy', status: 503 }, { error: 'gone' }, 'Hi'] },
    ...post,
  })
  expect(t.steps['draft']).toMatchObject({ status: 'success', output: 'Hi', attempts: 3 })
  expect(t.durationMs).toBeGreaterThanOrEqual(3_000)
  expect(performance.now() - startedAt).toBeLessThan(1_000)
})

test('an answer that is an error fails its step as a provider would', async () => {
  const t = await testRun(yaml, { answers: { draft: { error: 'no such model', status: 404 } }, ...post })
  expect(t.status).toBe('failed')
  expect(t.steps['draft']).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'step/threw' } })
  expect(t.steps['send']).toMatchObject({ status: 'skipped', error: { code: 'step/upstream' } })
})

test('answers that the workflow itself has recorded are used', async () => {
  const { plan } = compileYaml(`${yaml}config: {provider: mock, responses_file: answers.json}\n`, {
    files: { 'answers.json': '{"draft": {"content": "recorded"}}' },
  })
  expect((await testRun(plan, post)).state['text']).toBe('recorded')
  expect((await testRun(plan, { answers: { draft: 'mine' }, ...post })).state['text']).toBe('mine')
})

const slow = `
name: slow
steps:
  - {id: wait, type: function, handler: wait, timeout: 60, retry: {max_retries: 1}}
`

test('a function that waits for ever meets its deadline, in virtual time', async () => {
  const reasons: unknown[] = []
  const t = await testRun(slow, {
    patienceMs: 20,
    functions: {
      wait: (_input, { signal }) => {
        signal.addEventListener('abort', () => reasons.push(signal.reason))
        return new Promise(() => undefined)
      },
    },
  })
  expect(t.steps['wait']).toMatchObject({ status: 'timeout', attempts: 2, error: { code: 'step/timed-out' } })
  expect(reasons).toHaveLength(2)
  expect(t.durationMs).toBeGreaterThanOrEqual(121_000)
})

describe('what a test forgot is said', () => {
  test.each([
    ['an answer', yaml, {}, 'draft', { code: 'testing/no-answer', place: 'run run · step draft · answers.draft' }],
    ['an empty list of answers', yaml, { answers: { draft: [] } }, 'draft', { code: 'testing/no-answer' }],
    ['a tool', yaml, { answers: { draft: 'x' } }, 'send', { code: 'testing/no-tool' }],
    ['a function', slow, {}, 'wait', { code: 'testing/no-function' }],
  ])('%s', async (_, workflow, options, step, error) => {
    const t = await testRun(workflow, options)
    expect(t.steps[step]).toMatchObject({ status: 'failed', attempts: 1, error })
  })

  test.each([
    ['an answer for no step', { answers: { drat: 'x' } }, 'answers.drat'],
    ['an answer for a step that asks no model', { answers: { send: 'x' } }, 'answers.send'],
    ['a function that nobody calls', { functions: { f: () => 1 } }, 'functions.f'],
    ['a name that objects have', { functions: { toString: (): number => 1 } }, 'functions.toString'],
  ])('%s', async (_, options, place) => {
    await expect(testRun(yaml, options)).rejects.toMatchObject({ code: 'testing/unknown-name', place })
  })

  test('input that the workflow does not accept', async () => {
    const wrong = testRun(triage, { input: { ticket: JSON.parse('5') } })
    await expect(wrong).rejects.toMatchObject({ code: 'testing/input', place: 'input.ticket' })
  })

  test('text that is no workflow', async () => {
    await expect(testRun('name: w')).rejects.toMatchObject({ code: 'workflow/schema' })
  })

  test('what the real function declares holds for its stand-in', async () => {
    const t = await testRun(triage, {
      input: { ticket: 't' },
      answers: { classify: 'bug' },
      functions: { 'file-bug': () => ({ uri: 'x' }) },
    })
    expect(t.steps['file_bug']?.error).toMatchObject({ code: 'step/output' })
  })
})

test('the example of the README is the one that runs here', async () => {
  const [readme, example] = await Promise.all(
    ['../../README.md', './readme.test.ts'].map((path) => readFile(join(import.meta.dirname, path), 'utf8')),
  )
  expect(readme).toContain(`\`\`\`ts\n${example}\`\`\``)
})
