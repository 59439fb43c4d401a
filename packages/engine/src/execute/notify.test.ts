import { compileYaml } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import type { WebhookRequest } from '../ports/webhooks.ts'
import { MemoryRuntime } from '../testing/memory-runtime.ts'
import { StepConfigError } from './failure.ts'

async function notified(notify: string, post: (request: WebhookRequest, count: number) => Promise<void>) {
  const sent: WebhookRequest[] = []
  const runtime = new MemoryRuntime({
    webhooks: {
      post(request) {
        sent.push(request)
        return post(request, sent.length)
      },
    },
  })
  const { plan } = compileYaml(`
name: press
state: {city: Ulm, key: secret-value}
state_schema: {key: {redact: true}}
steps: [{id: gate, type: approval_gate, notify: {url: "https://hooks.example/x", ${notify}}}]
`)
  await runtime.start(plan)
  const settling = runtime.settle()
  for (let turns = 0; turns < 200; turns += 1) {
    await Promise.resolve()
    if (turns % 20 === 19) runtime.clock.advanceToNext() // pauses between attempts, time limits
  }
  await settling
  const outcome = runtime.events.find(({ kind }) => kind === 'webhook')
  return { sent, outcome, status: (await runtime.view(plan)).status, runtime, plan }
}

const ok = async (): Promise<void> => undefined

test('a gate tells the outside, once, and waits', async () => {
  const { sent, outcome, status, runtime, plan } = await notified('headers: {X-Team: a}', ok)
  expect(status).toBe('paused')
  expect(outcome).toMatchObject({ outcome: 'success', message: null })
  expect(sent).toHaveLength(1)
  expect(sent[0]).toMatchObject({
    url: 'https://hooks.example/x',
    headers: { 'content-type': 'application/json', 'x-team': 'a' },
    body: '{"run_id":"run","step_id":"gate","workflow_name":"press","status":"awaiting_approval"}',
  })
  await runtime.resume(plan)
  await runtime.settle()
  expect(sent).toHaveLength(1) // a resume without a decision asks nobody again
})

test('a template sees the redacted state and the run', async () => {
  const { sent } = await notified(`body_template: '{{"t": "{run_id} {state.city} {state.key} {other}"}}'`, ok)
  expect(sent[0]?.body).toMatch(/^\{"t": "run Ulm <REDACTED:sha256=[0-9a-f]{16}> \{other\}"\}$/)
})

test('a template that cannot be rendered costs its own text, not the gate', async () => {
  const { sent, status } = await notified(`body_template: '{state.city:>x>}'`, ok)
  expect(status).toBe('paused')
  expect(sent[0]?.body).toContain('awaiting_approval')
})

test('it tries three times, and waits all the same', async () => {
  const { sent, outcome, status } = await notified('headers: {}', () => Promise.reject(new Error('refused')))
  expect(sent).toHaveLength(3)
  expect(outcome).toMatchObject({ outcome: 'failed', message: 'Error: refused' })
  expect(status).toBe('paused')
})

test('what can’t get better is not tried again', async () => {
  const { sent, outcome } = await notified('headers: {}', () =>
    Promise.reject(new StepConfigError('step/config', 'no')),
  )
  expect(sent).toHaveLength(1)
  expect(outcome).toMatchObject({ outcome: 'failed' })
})

test('a receiver that does not answer holds the gate up for five seconds at most', async () => {
  const { outcome, status, runtime } = await notified(
    'timeout: 30',
    ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('cut')))),
  )
  expect(outcome).toMatchObject({ outcome: 'timeout', latencyMs: 5_000 })
  expect(status).toBe('paused')
  expect(runtime.clock.now()).toBe(1_700_000_005_000)
})
