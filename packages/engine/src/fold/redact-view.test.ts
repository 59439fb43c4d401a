import { compileYaml } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { redactError, redactOutputText, redactView } from './redact-view.ts'
import type { RunView, StepView } from './run-view.ts'

const S = expect.stringMatching(/^<REDACTED:sha256=[0-9a-f]{16}>$/)
const error = { code: 'tool/failed', message: "no file 'sesame-1' for sesame-1", place: null, help: 'not sesame-1' }
const step: StepView = {
  id: 'fetch',
  status: 'failed',
  output: { token: 'sesame-1', open: 1 },
  error,
  tokens: 7,
  costNanoUsd: 1,
  durationMs: 2,
  attempts: 1,
  model: 'm',
  provider: 'p',
  waitingAt: [],
}
const view: RunView = {
  runId: 'token',
  workflow: 'token',
  status: 'failed',
  steps: [step],
  state: { token: 'sesame-1', steps: { fetch: { output: { token: 'sesame-1' }, status: 'failed' } } },
  overlaps: [],
  tokens: 7,
  costNanoUsd: 1,
  durationMs: 2,
  error,
}

test("hides the user's values and what messages repeat of them; the engine's own fields stay, whatever the pattern", () => {
  const masked = { ...error, message: "no file '***' for ***", help: 'not ***' }
  expect(redactView(view, ['*token*', 'status', 'error', 'model', 'cost*', 'id'])).toEqual({
    ...view,
    steps: [{ ...step, output: { token: S, open: 1 }, error: masked }],
    // In the state the entry of a step is data like all else.
    state: { token: S, steps: { fetch: { output: { token: S }, status: S } } },
    error: masked,
  })
})

test('a secret that the state no longer holds is not repeated either', () => {
  const overwritten = { ...view, state: { token: { stdout: 'other-12\n' } } }
  expect(redactView(overwritten, ['token'], [{ token: 'sesame-1' }]).error?.message).toBe("no file '***' for ***")
  const told = { ...overwritten, error: { ...error, message: 'no other-12 here' } }
  expect(redactView(told, ['token']).error?.message).toBe('no *** here')
})

test('a step is addressed by its id in results', () => {
  expect(redactView(view, ['fetch.output.open']).steps[0]?.output).toEqual({ token: 'sesame-1', open: S })
  expect(redactView(view, ['output']).steps[0]?.output).toEqual({ token: S, open: S })
})

test('without patterns nothing is made', () => {
  expect(redactView(view, [])).toBe(view)
})

test('observers see neither what a step writes to a redacted key nor what its error repeats', () => {
  const { plan } = compileYaml(`
    name: w
    state_schema: {key: {redact: true}}
    steps:
      - {id: a, type: function, handler: h, output: key}
      - {id: b, type: function, handler: h, output: other}`)
  const [a, b] = plan.nodes
  expect(redactOutputText(plan, a, '"sesame-1"')).toMatch(/^"<REDACTED:sha256=/)
  expect(redactOutputText(plan, b, '"sesame-1"')).toBe('"sesame-1"')
  expect(redactOutputText(plan, b, '{"key": 1}')).toMatch(/^\{"key":"<REDACTED:/)
  expect(redactError(plan, error, () => ({ key: 'sesame-1' })).message).toBe("no file '***' for ***")
})
