import type { RunView, StepView } from '@agentloom/engine'
import type { ErrorInfo, Value } from '@agentloom/workflow'
import { dollars } from '../terminal/figures.ts'
import { printableJson } from '../terminal/printable.ts'

/** What `--json` prints of a run. Part of the API. */
export interface RunDocument {
  readonly run_id: string
  readonly workflow: string
  readonly status: string
  readonly steps: { readonly [id: string]: StepDocument }
  readonly state: { readonly [key: string]: Value }
  readonly tokens: number
  readonly cost_usd: number
  readonly duration_ms: number
  readonly error: ErrorInfo | null
}

interface StepDocument {
  readonly status: string
  readonly output: Value
  readonly error: ErrorInfo | null
  readonly tokens: number
  readonly cost_usd: number
  readonly duration_ms: number
  readonly attempts: number
}

export function runDocument(view: RunView): RunDocument {
  const { runId, workflow, status, state, tokens, costNanoUsd, durationMs, error } = view
  const steps: { [id: string]: StepDocument } = Object.create(null)
  for (const step of view.steps) steps[step.id] = stepDocument(step)
  return {
    run_id: runId,
    workflow,
    status,
    steps,
    state,
    tokens,
    cost_usd: dollars(costNanoUsd),
    duration_ms: durationMs,
    error,
  }
}

function stepDocument({ status, output, error, tokens, costNanoUsd, durationMs, attempts }: StepView): StepDocument {
  return { status, output, error, tokens, cost_usd: dollars(costNanoUsd), duration_ms: durationMs, attempts }
}

/** JSON text, indented, floats with their point, harmless on a terminal. */
export function jsonText(document: unknown): string {
  const text = JSON.stringify(
    document,
    (_key, value: unknown) => (typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value),
    2,
  )
  return `${printableJson(text)}\n`
}
