export { createGateway, CANDIDATE_CACHE_MAX, type Gateway, type GatewayOptions } from './gateway.ts'
export type { Candidate, Registration } from './candidates/candidates.ts'
export type { CallAttempt, CallObserver } from './call/attempt.ts'
export type { Provider, ProviderContext, ProviderReply, ProviderRequest, ProviderUsage } from './provider.ts'
export {
  NoProviderError,
  ProviderError,
  ProviderSettingError,
  ProvidersUnavailableError,
  type Failure,
} from './failure/errors.ts'
export { treatments, type FailureKind, type Treatment } from './failure/treatment.ts'
export { mockProvider, type MockOptions } from './mock/mock-provider.ts'
export { requestHash } from './mock/request-hash.ts'
export { openAICompatible, type OpenAICompatibleOptions } from './openai/openai-compatible.ts'
export { DEADLINES, type Deadlines } from './openai/deadlines.ts'
export { createPriceBook, type PriceBook } from './cost/price-book.ts'
export { listPrices, type ListPrice } from './cost/prices.ts'
export {
  keysNotYetServed,
  providersFromEnvironment,
  type Discovered,
  type Environment,
} from './discovery/environment.ts'
export { detectOllama, type DiscoveredOllama, type OllamaOptions } from './discovery/ollama.ts'
