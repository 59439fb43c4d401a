import { runDocument, type RunView, type StepView } from '@agentloom/engine'
import { writeValue, type Plan } from '@agentloom/workflow'
import { CliError } from '../errors.ts'
import type { Io } from '../io/io.ts'
import type { JsonShape } from '../run/conclude.ts'
import type { Ending } from '../run/ending.ts'
import type { News } from '../terminal/news.ts'
import { printable } from '../terminal/printable.ts'
import { infoText } from '../terminal/problem.ts'
import { StepLines } from '../terminal/step-lines.ts'
import { styleOf } from '../terminal/style.ts'
import { summaryLine } from '../terminal/summary.ts'
import { referenceResult } from './reference-document.ts'
import { jsonText } from './json-text.ts'

export interface ShowOptions {
  readonly json: JsonShape
  readonly placeOptions: string
}

/** @throws {CliError} `run/not-found` */
export function showRun(
  runId: string,
  found: { readonly view: RunView; readonly plan: Plan } | null,
  { json, placeOptions }: ShowOptions,
  { stdout }: Io,
): Ending {
  if (found === null)
    throw new CliError('run/not-found', `there is no run ${runId}`, {
      help: `see which there are with: agentloom runs${placeOptions}`,
    })
  const { view, plan } = found
  if (json !== 'none') {
    stdout.write(jsonText(json === 'ours' ? runDocument(view) : referenceResult(view)))
    return { code: 0 }
  }
  const lines = new StepLines(plan, styleOf(stdout))
  stdout.line(`${printable(view.workflow)} · run ${view.runId}`)
  for (const step of view.steps) for (const line of lineOf(step, lines)) stdout.line(line)
  stdout.line(
    `state: ${Object.keys(view.state)
      .map((key) => printable(key))
      .join(', ')}`,
  )
  if (view.error !== null) stdout.line(infoText(view.error, stdout))
  stdout.line(summaryLine(view, stdout, []))
  return { code: 0 }
}

function lineOf(step: StepView, lines: StepLines): readonly string[] {
  const news = newsOf(step)
  return news === null ? [lines.standing(step.id, step.status)] : lines.of(news)
}

/** A settled step as the news that it once was. */
function newsOf({
  id: stepId,
  status,
  output,
  error,
  durationMs,
  tokens,
  costNanoUsd,
  model,
  provider,
}: StepView): News | null {
  const usage = { durationMs, tokens, costNanoUsd, model, provider }
  switch (status) {
    case 'success':
      return { kind: 'committed', stepId, output: writeValue(output), usage }
    case 'failed':
    case 'timeout':
      return error === null ? null : { kind: 'failed', stepId, status, error, usage, retryInMs: null }
    case 'skipped':
      return { kind: 'skipped', stepId, reason: error?.message ?? null }
    default:
      return null
  }
}
