/**
 * List prices, standard tier, US dollars per million tokens. A table: one row a model, each with where and when it was read.
 * A row serves its dated and suffixed variants too (`gpt-4o-mini-2024-07-18`), see `priceOf`; `AGENTLOOM_PRICING_FILE` is laid over it.
 */
export interface ListPrice {
  readonly model: string
  readonly input: number
  /** Null where the vendor gives no discount. */
  readonly cachedInput: number | null
  /** Reasoning tokens cost the same. */
  readonly output: number
  readonly source: string
  readonly date: string
}

const OPENAI = 'openai.com/api/pricing'
const OPENAI_DOCS = 'developers.openai.com/api/docs/models'

function row(
  model: string,
  [input, cachedInput, output]: readonly [number, number | null, number],
  [source, date]: readonly [string, string],
): ListPrice {
  return { model, input, cachedInput, output, source, date }
}

export const listPrices: readonly ListPrice[] = [
  row('gpt-5.5', [5, 0.5, 30], [OPENAI, '2026-06-04']),
  row('gpt-5.5-pro', [30, null, 180], [OPENAI, '2026-06-04']),
  row('gpt-5.4', [2.5, 0.25, 15], [OPENAI, '2026-06-04']),
  row('gpt-5.4-pro', [30, null, 180], [OPENAI, '2026-06-04']),
  row('gpt-5.4-mini', [0.75, 0.075, 4.5], [OPENAI, '2026-06-04']),
  row('gpt-5.4-nano', [0.2, 0.02, 1.25], [OPENAI, '2026-06-04']),
  row('gpt-5.2', [1.75, 0.175, 14], [OPENAI, '2026-04-13']),
  row('gpt-5.2-pro', [21, null, 168], [OPENAI, '2026-04-13']),
  row('gpt-5.1', [1.25, 0.125, 10], [OPENAI, '2026-04-13']),
  row('gpt-5', [1.25, 0.125, 10], [OPENAI, '2026-04-13']),
  row('gpt-5-pro', [15, null, 120], [OPENAI, '2026-04-13']),
  row('gpt-5-mini', [0.25, 0.025, 2], [OPENAI, '2025-08-07']),
  row('gpt-5-nano', [0.05, 0.005, 0.4], [OPENAI_DOCS, '2026-11-24']),
  row('gpt-4.1', [2, 0.5, 8], [OPENAI, '2026-04-01']),
  row('gpt-4.1-mini', [0.4, 0.1, 1.6], [OPENAI, '2026-04-01']),
  row('gpt-4.1-nano', [0.1, 0.025, 0.4], [OPENAI, '2026-04-01']),
  row('gpt-4o', [2.5, 1.25, 10], [OPENAI, '2026-05-01']),
  row('gpt-4o-mini', [0.15, 0.075, 0.6], [OPENAI, '2026-05-01']),
  row('gpt-4-turbo', [10, null, 30], [OPENAI, '2024-04-09']),
  row('gpt-3.5-turbo', [0.5, null, 1.5], [OPENAI, '2026-05-01']),
  row('o4-mini', [1.1, 0.275, 4.4], [OPENAI, '2025-04-16']),
  row('o3', [2, 0.5, 8], [OPENAI, '2026-04-01']),
  row('o3-pro', [20, null, 80], [OPENAI, '2025-06-10']),
  row('o3-mini', [1.1, 0.55, 4.4], [OPENAI, '2026-05-01']),
  row('o1', [15, 7.5, 60], [OPENAI, '2026-05-01']),
  row('o1-mini', [1.1, 0.55, 4.4], [OPENAI, '2025-02-01']),
  row('o1-pro', [150, null, 600], [OPENAI, '2025-03-19']),
]
