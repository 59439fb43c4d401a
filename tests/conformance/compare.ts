import type { RunView } from '@agentloom/engine'
import { toPlain } from '@agentloom/workflow'
import { differenceOf } from './equal.ts'
import type { ExpectedEnd } from './expected.ts'

const NANO_PER_USD = 1e9

/** The texts sent in the first call of each step that calls a model. */
export type Prompts = ReadonlyMap<string, { readonly system?: string; readonly user: string }>

/** Everything in which a run's end differs from what is written down, one line each. */
export function differences(
  view: RunView,
  expected: ExpectedEnd,
  seen: { readonly prompts: Prompts; readonly files: Readonly<Record<string, string | null>> },
): readonly string[] {
  const found = {
    outcome: view.status,
    steps: Object.fromEntries(view.steps.map((step) => [step.id, stepOf(step)])),
    state: toPlain(view.state),
    tokens: view.tokens,
    cost_usd: view.costNanoUsd / NANO_PER_USD,
    files: seen.files,
    prompts: Object.fromEntries(seen.prompts),
  }
  const wanted = {
    outcome: expected.outcome,
    steps: Object.fromEntries(
      Object.entries(expected.steps).map(([id, { status, output, error, tokens, cost_usd }]) => [
        id,
        { status, output, error, tokens, cost_usd },
      ]),
    ),
    state: expected.state,
    tokens: expected.tokens ?? found.tokens,
    cost_usd: expected.cost_usd ?? found.cost_usd,
    files: expected.files,
    prompts: expected.prompts,
  }
  const keys = ['outcome', 'steps', 'state', 'tokens', 'cost_usd', 'files', 'prompts'] as const
  return keys.flatMap((key) => {
    const difference = differenceOf(found[key], wanted[key], key)
    if (difference === null) return []
    const reasons = view.steps.flatMap(({ id, error }) =>
      error === null ? [] : [`${id}: ${error.code} ${error.message}`],
    )
    return [key === 'steps' && reasons.length > 0 ? `${difference} (${reasons.join('; ')})` : difference]
  })
}

function stepOf({ status, output, error, tokens, costNanoUsd }: RunView['steps'][number]) {
  return { status, output: toPlain(output), error: error !== null, tokens, cost_usd: costNanoUsd / NANO_PER_USD }
}
