import type { RunHeader, RunView, StepView } from '@agentloom/bullmq/client'
import { type ErrorInfo, type Value, type ValueMap, writeValue } from '@agentloom/workflow'

const NANO = 1e9

/** JSON text of a run, in the shape of `agentloom run --json`. */
export function runDocument(view: RunView): string {
  const steps: { [id: string]: Value } = Object.create(null)
  for (const step of view.steps) steps[step.id] = stepDocument(step)
  return writeValue({
    run_id: view.runId,
    workflow: view.workflow,
    status: view.status,
    steps,
    state: view.state,
    tokens: view.tokens,
    cost_usd: view.costNanoUsd / NANO,
    duration_ms: view.durationMs,
    error: errorDocument(view.error),
  })
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
  }
}

/** A row of a listing. */
export function runRow(header: RunHeader): ValueMap {
  return {
    run_id: header.runId,
    workflow: header.workflow,
    status: header.status,
    tenant: header.tenant,
    priority: header.priority,
    tags: header.tags,
    created_at: new Date(header.createdAtMs).toISOString(),
    updated_at: new Date(header.updatedAtMs).toISOString(),
    error: errorDocument(header.error),
  }
}

function errorDocument(error: ErrorInfo | null): Value {
  return error === null ? null : { code: error.code, message: error.message, place: error.place, help: error.help }
}
