import { AgentloomError, redact, renderTemplate, str, type NotifySettings, type ValueMap } from '@agentloom/workflow'
import type { WebhookRequest } from '../ports/webhooks.ts'
import { originOf } from '../walk/step-origin.ts'
import type { Attempt, Executors } from './attempt.ts'
import { failureOf, whole } from './failure.ts'
import { resolveArguments } from './tool.ts'

const ATTEMPTS_MAX = 3
/** All attempts together: the gate is not open before. Under a time-out of the step half of that, for it must not fail. */
const DEADLINE_MS = 5_000
/** Waits between the attempts, so that all three fit under the deadline. */
const PAUSES_MS = [500, 1_000]

type Outcome = 'success' | 'failed' | 'timeout' | 'sandbox_blocked'

/** Tells the outside that the gate waits. Whatever goes wrong is reported and is not the gate's concern. */
export async function notify(executors: Executors, attempt: Attempt, settings: NotifySettings): Promise<void> {
  const { clock, observe } = executors
  const startedAtMs = clock.monotonic()
  const [outcome, message] = await deliver(executors, attempt, settings)
  const { header, node, plan } = attempt
  const origin = originOf(plan, node)
  const latencyMs = clock.monotonic() - startedAtMs
  observe({ kind: 'webhook', runId: header.runId, stepId: node.id, origin, outcome, message, latencyMs })
}

async function deliver(
  executors: Executors,
  attempt: Attempt,
  settings: NotifySettings,
): Promise<readonly [Outcome, string | null]> {
  const { webhooks, clock } = executors
  if (webhooks === undefined) return ['failed', 'this process sends no notifications']
  const limit = new AbortController()
  const disarm = clock.after(Math.min(DEADLINE_MS, (attempt.node.step.timeoutMs ?? Infinity) / 2), () => limit.abort())
  const signal = AbortSignal.any([limit.signal, attempt.held.signal])
  let problem = ''
  try {
    const request = { ...(await requestOf(executors, attempt, settings)), sandbox: attempt.plan.config.sandbox }
    for (let count = 1; count <= ATTEMPTS_MAX; count += 1) {
      try {
        await postWithin(executors, { ...request, signal }, settings.timeoutMs)
        return ['success', null]
      } catch (error) {
        if (limit.signal.aborted) return ['timeout', problem || `no answer within ${DEADLINE_MS} ms`]
        attempt.held.signal.throwIfAborted()
        problem = failureOf(error, attempt.node.id).info.message
        if (error instanceof AgentloomError && error.code === 'sandbox/violation') return ['sandbox_blocked', problem]
        if (error instanceof AgentloomError && !error.retryable) return ['failed', problem]
      }
      const pauseMs = PAUSES_MS[count - 1]
      if (pauseMs !== undefined) await clock.sleep(pauseMs, signal)
    }
    return ['failed', problem]
  } catch (error) {
    attempt.held.signal.throwIfAborted()
    return limit.signal.aborted ? ['timeout', problem] : ['failed', failureOf(error, attempt.node.id).info.message]
  } finally {
    disarm()
  }
}

async function postWithin({ webhooks, clock }: Executors, request: WebhookRequest, timeoutMs: number): Promise<void> {
  const own = new AbortController()
  const disarm = clock.after(timeoutMs, () => own.abort())
  try {
    await webhooks?.post({ ...request, signal: AbortSignal.any([own.signal, request.signal]) })
  } finally {
    disarm()
  }
}

async function requestOf(
  executors: Executors,
  attempt: Attempt,
  settings: NotifySettings,
): Promise<Pick<WebhookRequest, 'url' | 'headers' | 'body'>> {
  const headers: { [name: string]: string } = { 'content-type': 'application/json' }
  for (const [name, value] of Object.entries(await resolveArguments(executors, settings.headers, attempt)))
    headers[name.toLowerCase()] = str(value)
  return { url: settings.url, headers, body: bodyOf(attempt, settings) }
}

/** A template that cannot be rendered costs its own text, never the notification. */
function bodyOf(attempt: Attempt, settings: NotifySettings): string {
  const { header, node, plan } = attempt
  const facts = { run_id: header.runId, step_id: node.id, workflow_name: plan.name }
  try {
    const template = settings.body === null ? null : whole(settings.body)
    if (template !== null) {
      const state = redact(attempt.state(), plan.redact) as ValueMap // redacting a mapping gives a mapping
      return renderTemplate(template, { ...state, ...facts })
    }
  } catch (error) {
    if (!(error instanceof AgentloomError)) throw error
  }
  return JSON.stringify({ ...facts, status: 'awaiting_approval' })
}
