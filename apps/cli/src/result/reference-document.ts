import type { RunView, StepView } from '@agentloom/engine'
import type { Plan, Value } from '@agentloom/workflow'
import { dollars } from '../terminal/figures.ts'
import { redactDefinition } from './redact-definition.ts'

// The shapes of the Python engine, for programs that read its output: ../shared/spec/steps.md §1, checkpoints-and-runs.md §2.
// Its tokens are known to us as a total only.

/** What `--json=agentloom` prints. */
export function referenceResult(view: RunView): { readonly [key: string]: unknown } {
  return {
    workflow_name: view.workflow,
    status: view.status,
    step_results: stepResults(view),
    final_state: view.state,
    total_duration_ms: view.durationMs,
    total_tokens: view.tokens,
    total_cost_usd: dollars(view.costNanoUsd),
    error: view.error?.message ?? pauseOf(view),
    run_id: view.runId,
    annotations: [],
  }
}

/** The text of a checkpoint file of its kind. */
export function referenceText(
  view: RunView,
  plan: Plan,
  times: { readonly createdAtMs: number; readonly updatedAtMs: number },
): string {
  return JSON.stringify(
    referenceCheckpoint(view, plan, times),
    (_key, value: unknown) => (typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value),
    2,
  )
}

function referenceCheckpoint(
  view: RunView,
  plan: Plan,
  times: { readonly createdAtMs: number; readonly updatedAtMs: number },
): { readonly [key: string]: unknown } {
  const done = view.steps.filter(({ status }) => status === 'success').map(({ id }) => id)
  return {
    workflow_name: view.workflow,
    run_id: view.runId,
    workflow_definition: redactDefinition(plan.definition.workflow, plan.redact),
    state: view.state,
    step_results: stepResults(view),
    completed_steps: done.sort(),
    status: view.status,
    paused_step_id: gateOf(view),
    created_at: pythonTime(times.createdAtMs),
    updated_at: pythonTime(times.updatedAtMs),
  }
}

function gateOf(view: RunView): string | null {
  return view.status === 'paused' ? (view.steps.flatMap(({ waitingAt }) => waitingAt)[0] ?? null) : null
}

function pauseOf(view: RunView): string | null {
  const gate = gateOf(view)
  return gate === null ? null : `Pause requested at step '${gate}'`
}

function stepResults(view: RunView): { readonly [id: string]: unknown } {
  const results: { [id: string]: unknown } = Object.create(null)
  for (const step of view.steps) results[step.id] = stepResult(step)
  return results
}

function stepResult(step: StepView): { readonly [key: string]: Value } {
  return {
    step_id: step.id,
    status: step.status,
    output: step.output,
    // Of a gate inside a child run its full name.
    error: step.error?.message ?? step.waitingAt.find((gate) => gate !== step.id) ?? null,
    duration_ms: step.durationMs,
    token_usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: step.tokens, reasoning_tokens: 0 },
    cost_usd: dollars(step.costNanoUsd),
    model: step.model,
    provider: step.provider,
    attachment_count: 0,
    time_to_first_token_ms: null,
    prompt_metadata: null,
  }
}

/** `2026-11-23T22:29:41.123000+00:00` */
function pythonTime(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '000+00:00')
}
