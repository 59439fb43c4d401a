import type { RunView } from '@agentloom/engine'
import { toPlain } from '@agentloom/workflow'
import { differenceOf } from './equal.ts'
import type { ExpectedEnd } from './expected.ts'
import type { Heard } from './overheard.ts'

const NANO_PER_USD = 1e9

/** Everything in which a run's end differs from what is written down, one line each. */
export function differences(
  view: RunView,
  expected: ExpectedEnd,
  seen: { readonly heard: Heard; readonly files: Readonly<Record<string, string | null>> },
): readonly string[] {
  const found = {
    outcome: view.status,
    steps: Object.fromEntries(view.steps.map((step) => [step.id, stepOf(step)])),
    state: toPlain(view.state),
    tokens: view.tokens,
    cost_usd: view.costNanoUsd / NANO_PER_USD,
    files: seen.files,
    prompts: Object.fromEntries(seen.heard.prompts),
    tool_results: toolResultsOf(seen.heard, expected),
  }
  const wanted = {
    outcome: expected.outcome,
    steps: Object.fromEntries(
      Object.entries(expected.steps).map(([id, { status, output, error, tokens, cost_usd, waiting_at }]) => [
        id,
        { status, output, error, tokens, cost_usd, waiting_at: waiting_at ?? null },
      ]),
    ),
    state: expected.state,
    tokens: expected.tokens ?? found.tokens,
    cost_usd: expected.cost_usd ?? found.cost_usd,
    files: expected.files,
    prompts: expected.prompts,
    tool_results: expected.tool_results,
  }
  const keys = ['outcome', 'steps', 'state', 'tokens', 'cost_usd', 'files', 'prompts', 'tool_results'] as const
  return keys.flatMap((key) => {
    const difference = differenceOf(found[key], wanted[key], key)
    if (difference === null) return []
    const reasons = view.steps.flatMap(({ id, error }) =>
      error === null ? [] : [`${id}: ${error.code} ${error.message}`],
    )
    return [key === 'steps' && reasons.length > 0 ? `${difference} (${reasons.join('; ')})` : difference]
  })
}

function stepOf({ status, output, error, tokens, costNanoUsd, waitingAt }: RunView['steps'][number]) {
  return {
    status,
    output: toPlain(output),
    error: error !== null,
    tokens,
    cost_usd: costNanoUsd / NANO_PER_USD,
    waiting_at: waitingAt[0] ?? null,
  }
}

/** A model is told texts; where a structured result is written down, the text is its JSON. */
function toolResultsOf({ toolResults }: Heard, expected: ExpectedEnd) {
  const steps = Object.keys(expected.tool_results).map((id): [string, unknown] => [
    id,
    (toolResults.get(id) ?? []).map(({ ok, text }, index) => {
      if (!ok) return { ok }
      const wanted = expected.tool_results[id]?.[index]?.result
      return { ok, result: typeof wanted === 'string' ? text : parsed(text) }
    }),
  ])
  return Object.fromEntries(steps)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
