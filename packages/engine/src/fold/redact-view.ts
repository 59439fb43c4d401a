import {
  type ErrorInfo,
  parseValue,
  type Plan,
  type PlanNode,
  Redactor,
  type Value,
  type ValueMap,
  writeValue,
} from '@agentloom/workflow'
import type { RunView } from './run-view.ts'

/** Shorter texts stand in messages by chance; hiding each `a` would hide nothing and spoil all. */
const SECRET_LENGTH_MIN = 6

/**
 * A view as it may leave the engine: the user's values under the plan's patterns are sentinels, and messages do not repeat the
 * texts that were hidden. Statuses, figures and ids are the engine's and stay. A step's output is matched from
 * `<step id>.output` on, its entry in the state from `steps.<id>.output` on.
 * @param known states in which secrets stand that the view's own no longer holds
 */
export function redactView(view: RunView, patterns: readonly string[], known: readonly ValueMap[] = []): RunView {
  if (patterns.length === 0) return view
  const redactor = new Redactor(patterns)
  const mask = masker(redactor, [
    view.state,
    ...known,
    ...view.steps.map(({ id, output }): ValueMap => ({ [id]: { output } })),
  ])
  return {
    ...view,
    steps: view.steps.map((step) => ({
      ...step,
      output: redactor.redact(step.output, [step.id, 'output']),
      error: step.error && mask(step.error),
    })),
    state: redactor.redact(view.state) as ValueMap,
    error: view.error && mask(view.error),
  }
}

/** An error of a step as observers may see it; `state` is asked for only where something is to be hidden. */
export function redactError(plan: Plan, error: ErrorInfo, state: () => ValueMap): ErrorInfo {
  return plan.redact.length === 0 ? error : masker(new Redactor(plan.redact), [state()])(error)
}

/**
 * A step's output as observers may see it. More is hidden than in a view: here nobody sees under which key the state has it, so what
 * is written to a redacted key is hidden.
 */
export function redactOutput(plan: Plan, node: PlanNode | undefined, output: Value): Value {
  if (plan.redact.length === 0 || node === undefined) return output
  const redactor = new Redactor(plan.redact)
  const shown = redactor.redact(output, [node.id, 'output'])
  const path = node.step.output
  if (path === null || 'broken' in path) return shown
  return redactor.redact(
    shown,
    path.segments.filter((segment) => typeof segment === 'string'),
  )
}

/** The same for a JSON text; the very text where nothing is to be hidden. */
export function redactOutputText(plan: Plan, node: PlanNode | undefined, text: string): string {
  return plan.redact.length === 0 ? text : writeValue(redactOutput(plan, node, parseValue(text)))
}

function masker(redactor: Redactor, values: readonly Value[]): (error: ErrorInfo) => ErrorInfo {
  // The longest first: one secret may be the beginning of another.
  const secrets = values
    .flatMap((value) => redactor.secretsIn(value))
    .map((secret) => secret.trim()) // what a command printed ends a line, and is repeated without
    .filter(({ length }) => length >= SECRET_LENGTH_MIN)
    .sort((a, b) => b.length - a.length)
  const masked = (text: string): string => secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
  return (error) => ({
    ...error,
    message: masked(error.message),
    help: error.help === null ? null : masked(error.help),
  })
}
