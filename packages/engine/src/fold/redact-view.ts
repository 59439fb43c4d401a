import { type ErrorInfo, Redactor, type ValueMap } from '@agentloom/workflow'
import type { RunView } from './run-view.ts'

/** Shorter texts stand in messages by chance; hiding each `a` would hide nothing and spoil all. */
const SECRET_LENGTH_MIN = 6

/**
 * A view as it may leave the engine: the user's values under the plan's patterns are sentinels, and messages do not repeat the
 * texts that were hidden. Statuses, figures and ids are the engine's and stay. A step's output is matched from
 * `<step id>.output` on, its entry in the state from `steps.<id>.output` on.
 */
export function redactView(view: RunView, patterns: readonly string[]): RunView {
  if (patterns.length === 0) return view
  const redactor = new Redactor(patterns)
  // The longest first: one secret may be the beginning of another.
  const secrets = [view.state, ...view.steps.map(({ id, output }): ValueMap => ({ [id]: { output } }))]
    .flatMap((value) => redactor.secretsIn(value))
    .filter(({ length }) => length >= SECRET_LENGTH_MIN)
    .sort((a, b) => b.length - a.length)
  const errorOf = (error: ErrorInfo | null) => error && redactError(error, secrets)
  return {
    ...view,
    steps: view.steps.map((step) => ({
      ...step,
      output: redactor.redact(step.output, [step.id, 'output']),
      error: errorOf(step.error),
    })),
    state: redactor.redact(view.state) as ValueMap,
    error: errorOf(view.error),
  }
}

function redactError(error: ErrorInfo, secrets: readonly string[]): ErrorInfo {
  const masked = (text: string) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
  return { ...error, message: masked(error.message), help: error.help === null ? null : masked(error.help) }
}
