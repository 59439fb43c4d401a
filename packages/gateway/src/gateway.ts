import type { Clock, Models, Random } from '@agentloom/engine/ports'
import { createCandidates, withPreferred, type Candidate, type Registration } from './candidates/candidates.ts'
import type { CallObserver } from './call/attempt.ts'
import { walk } from './call/walk.ts'
import { systemClock } from './clock.ts'
import { createPriceBook } from './cost/price-book.ts'
import { NoProviderError } from './failure/errors.ts'
import { mockProvider } from './mock/mock-provider.ts'
import type { Provider } from './provider.ts'

/** Remembered models when nothing else is said. */
export const CANDIDATE_CACHE_MAX = 1_024

export interface GatewayOptions {
  readonly clock?: Clock
  readonly random?: Random
  /** Models whose candidates are remembered, at least 1. Default 1,024 (`AGENTLOOM_CANDIDATE_CACHE_MAX` is read by the programs). */
  readonly candidateCacheMax?: number
  /** Parsed content of `AGENTLOOM_PRICING_FILE`, laid over the built-in prices: model → `{input, output, cached_input?}` per 1,000 tokens. */
  readonly prices?: unknown
  /** Told of every try at every provider, when it is over. */
  readonly observe?: CallObserver
}

export interface Gateway extends Models {
  /**
   * Adds a provider and forgets every remembered candidate list. Calls under way keep theirs. A name may be registered more than
   * once (two keys of one vendor); each registration is a candidate of its own.
   * @throws {ProviderSettingError}
   */
  register(provider: Provider, registration?: Registration): void
  /** Takes away every registration of this name; false if there was none. Does not close the provider. */
  unregister(name: string): boolean
  /** Who may serve a model, in the order in which they are asked; empty if nobody. The same object until the next change. */
  candidates(model: string): readonly Candidate[]
  /** Names of the registered, in order of priority. */
  providers(): readonly string[]
  /** Closes every registered provider. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * The room for models of one process. `call` throws `NoProviderError` (`provider/none`), `ProvidersUnavailableError`
 * (`provider/unavailable`), a `ProviderError` (`provider/…`) that no other candidate can mend, or the signal's reason.
 * @throws {ProviderSettingError} prices or cache size that cannot be meant
 */
export function createGateway(options: GatewayOptions = {}): Gateway {
  const { clock = systemClock, random = Math.random, observe = () => {} } = options
  const candidates = createCandidates(options.candidateCacheMax ?? CANDIDATE_CACHE_MAX)
  const parts = { clock, random, observe, prices: createPriceBook(options.prices) }
  const mock = mockProvider({ clock, random })
  const close = async (): Promise<void> => {
    await Promise.all(candidates.providers().map(async (provider) => provider.close?.()))
  }
  return {
    register: (provider, registration) => candidates.add(provider, registration),
    unregister: (name) => candidates.remove(name),
    candidates: (model) => candidates.for(model),
    providers: () => candidates.names(),
    async call(request, context) {
      if (request.mock !== null) {
        const only = { provider: mock, model: request.model, priority: 0, isFallback: false }
        return walk([only], request, context, parts)
      }
      const able = withPreferred(candidates.for(request.model), request.provider)
      if (able.length === 0) throw new NoProviderError(request.model, candidates.names())
      return walk(able, request, context, parts)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
