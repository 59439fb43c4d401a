import type { ErrorInfo, Value, ValueMap } from '@agentloom/workflow'
import type { RunView, StepView } from './run-view.ts'

const NANO = 1e9

/** A run as the outside sees it, on the command line (`--json`) and over HTTP alike. Part of the API. */
export function runDocument(view: RunView): ValueMap {
  const steps: { [id: string]: Value } = Object.create(null)
  for (const step of view.steps) steps[step.id] = stepDocument(step)
  return {
    run_id: view.runId,
    workflow: view.workflow,
    status: view.status,
    steps,
    state: view.state,
    tokens: view.tokens,
    cost_usd: view.costNanoUsd / NANO,
    duration_ms: view.durationMs,
    error: errorDocument(view.error),
  }
}

function stepDocument(step: StepView): ValueMap {
  return {
    status: step.status,
    output: step.output,
    error: errorDocument(step.error),
    tokens: step.tokens,
    cost_usd: step.costNanoUsd / NANO,
    duration_ms: step.durationMs,
    attempts: step.attempts,
    ...(step.waitingAt[0] !== undefined && { waiting_at: step.waitingAt[0] }),
  }
}

export function errorDocument(error: ErrorInfo | null): Value {
  return error === null ? null : { code: error.code, message: error.message, place: error.place, help: error.help }
}
