import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { ProviderSettingError } from '../failure/errors.ts'
import type { ProviderUsage } from '../provider.ts'
import { listPrices } from './prices.ts'

/** Pico-dollars a token, so that every list price is whole and sums are exact. */
interface Price {
  readonly input: bigint
  readonly cachedInput: bigint
  readonly output: bigint
}

export interface PriceBook {
  /** Whole nano-dollars, rounded half up once at the end; null where no price is known. */
  costNanoUsd(model: string, usage: ProviderUsage): number | null
}

const PICO_PER_NANO = 1_000n
/** Dollars per million tokens and pico-dollars per token are the same number but for this. */
const PICO_PER_USD_PER_MILLION = 1_000_000
/** Model names come from templates, too: what was looked up is remembered for so many. */
const REMEMBERED_MODELS_MAX = 1_024

const dollarsPerThousand = z.number().nonnegative().max(1_000_000)
const override = z.looseObject({
  input: dollarsPerThousand,
  output: dollarsPerThousand,
  cached_input: dollarsPerThousand.nullish(),
})
const overrides = z.record(z.string(), override)

/**
 * The built-in table with the user's rows laid over it.
 * @param userPrices parsed content of `AGENTLOOM_PRICING_FILE`: model → `{input, output, cached_input?}`, dollars per 1,000 tokens
 * @throws {ProviderSettingError} naming the model and field that is wrong
 */
export function createPriceBook(userPrices?: unknown): PriceBook {
  const prices = new Map<string, Price>()
  for (const { model, input, cachedInput, output } of listPrices)
    prices.set(model, {
      input: pico(input),
      cachedInput: pico(cachedInput ?? input),
      output: pico(output),
    })
  for (const [model, { input, output, cached_input }] of Object.entries(userRows(userPrices)))
    prices.set(model, {
      input: pico(input * 1_000),
      cachedInput: pico((cached_input ?? input) * 1_000),
      output: pico(output * 1_000),
    })
  const keys = [...prices.keys()].sort((one, other) => other.length - one.length)
  const found = new LRUCache<string, { readonly price: Price | null }>({ max: REMEMBERED_MODELS_MAX })

  function priceOf(model: string): Price | null {
    let entry = found.get(model)
    if (entry === undefined) {
      const key = prices.has(model) ? model : keys.find((prefix) => isVariant(model, prefix))
      entry = { price: (key !== undefined && prices.get(key)) || null }
      found.set(model, entry)
    }
    return entry.price
  }

  return {
    costNanoUsd(model, usage) {
      const price = priceOf(model)
      if (price === null) return null
      const cached = Math.min(usage.cachedPromptTokens ?? 0, usage.promptTokens)
      const sum =
        BigInt(usage.promptTokens - cached) * price.input +
        BigInt(cached) * price.cachedInput +
        BigInt(usage.completionTokens + usage.reasoningTokens) * price.output
      return Number((sum + PICO_PER_NANO / 2n) / PICO_PER_NANO)
    },
  }
}

/** The longest key wins; it must end where a part of the name ends, or `gpt-5` would price `gpt-5.9`. */
function isVariant(model: string, prefix: string): boolean {
  return model.startsWith(prefix) && /[-:@]/.test(model.charAt(prefix.length))
}

function pico(dollarsPerMillion: number): bigint {
  return BigInt(Math.round(dollarsPerMillion * PICO_PER_USD_PER_MILLION))
}

function userRows(content: unknown): z.infer<typeof overrides> {
  if (content === undefined || content === null) return {}
  const rows = overrides.safeParse(content)
  if (rows.success) return rows.data
  const issue = rows.error.issues[0]
  const at = ['prices', ...(issue?.path ?? [])].join('.')
  throw new ProviderSettingError(
    at,
    issue?.message ?? 'not a price table',
    'each row is `model: {input: …, output: …}`, US dollars per 1,000 tokens',
  )
}
