import { AgentloomError } from '@agentloom/workflow'
import type { TokenUsage } from '@agentloom/engine/ports'
import { treatments, type FailureKind } from './treatment.ts'

export interface Failure {
  readonly kind: FailureKind
  /** What went wrong, without the provider's name, keys cut out. */
  readonly reason: string
  /** HTTP status, also where a 200 carried one in its body. */
  readonly status?: number | null
  readonly retryAfterMs?: number | null
  readonly help?: string | null
  /** What the failed call has probably been billed, where the request was sent. */
  readonly usage?: TokenUsage | null
}

/** Makes a provider's error; the one place where keys are cut out of what a vendor says. */
export type Fail = (failure: Failure) => ProviderError

/** Longest reason that is kept. Vendors' bodies end up in journals and logs. */
const REASON_CHARACTERS_MAX = 2_048

/**
 * A call to one provider failed. `code` is `provider/` and the kind of failure; whether the same call may succeed later is
 * `retryable`, and for steps with `retryable_status_codes` there is the HTTP `status`.
 */
export class ProviderError extends AgentloomError {
  override readonly name = 'ProviderError'
  readonly code: `provider/${FailureKind}`
  readonly retryable: boolean
  override readonly help: string | null
  readonly provider: string
  readonly kind: FailureKind
  readonly reason: string
  /** Null where the failure has no HTTP status. */
  readonly status: number | null
  /** Milliseconds that the vendor asks to wait, 0 to a day; null without a hint. */
  readonly retryAfterMs: number | null
  /** Probably billed by the vendor all the same; an estimate. Null where nothing was sent. */
  readonly usage: TokenUsage | null

  constructor(provider: string, failure: Failure) {
    const reason = failure.reason.slice(0, REASON_CHARACTERS_MAX)
    super(`Provider '${provider}': ${reason}`)
    this.provider = provider
    this.kind = failure.kind
    this.code = `provider/${failure.kind}`
    this.retryable = treatments[failure.kind].retryable
    this.reason = reason
    this.status = failure.status ?? null
    this.retryAfterMs = failure.retryAfterMs ?? null
    this.help = failure.help ?? helpFor(failure.kind, provider)
    this.usage = failure.usage ?? null
  }
}

/** The same failure, of a call that the vendor has probably billed. */
export function billed(failure: ProviderError, usage: TokenUsage): ProviderError {
  const { provider, kind, reason, status, retryAfterMs, help } = failure
  return new ProviderError(provider, { kind, reason, status, retryAfterMs, help, usage })
}

/** Every candidate failed. Retryable if one of them may recover; `status` is then that one's. */
export class ProvidersUnavailableError extends AgentloomError {
  override readonly name = 'ProvidersUnavailableError'
  readonly code = 'provider/unavailable'
  readonly retryable: boolean
  override readonly help: string | null
  readonly model: string
  /** In the order in which the candidates were asked. */
  readonly failures: readonly ProviderError[]
  readonly status: number | null
  /** When the first candidate may serve again; null unless every recoverable one has said when. */
  readonly retryAfterMs: number | null

  constructor(model: string, failures: readonly ProviderError[]) {
    const notes = failures.map(({ provider, reason }) => `Provider '${provider}' failed: ${reason}`)
    super(`All providers failed for model '${model}': ${notes.join('; ')}`)
    this.model = model
    this.failures = failures
    const recoverable = failures.filter(({ retryable }) => retryable)
    const hints = recoverable.flatMap(({ retryAfterMs }) => retryAfterMs ?? [])
    this.retryable = recoverable.length > 0
    this.status = (recoverable.at(-1) ?? failures.at(-1))?.status ?? null
    this.retryAfterMs = hints.length > 0 && hints.length === recoverable.length ? Math.min(...hints) : null
    this.help = failures.at(-1)?.help ?? null
  }
}

/** Nobody was registered who could serve this model. Not retryable. */
export class NoProviderError extends AgentloomError {
  override readonly name = 'NoProviderError'
  readonly code = 'provider/none'
  readonly retryable = false
  readonly status = null
  readonly retryAfterMs = null
  override readonly help: string
  readonly model: string

  constructor(model: string, registered: readonly string[]) {
    super(`No provider registered for model '${model}'`)
    this.model = model
    this.help =
      registered.length === 0
        ? 'set OPENAI_API_KEY, start Ollama, or write provider: mock with a responses_file'
        : `registered: ${registered.join(', ')}; name a model that one of them serves, or write provider/model`
  }
}

/** A setting of a provider, price or gateway that cannot be meant. Thrown where it is set, never during a call. */
export class ProviderSettingError extends AgentloomError {
  override readonly name = 'ProviderSettingError'
  readonly code = 'provider/bad-setting'
  readonly retryable = false
  override readonly place: string
  override readonly help: string | null

  constructor(place: string, message: string, help: string | null = null) {
    super(`${place}: ${message}`)
    this.place = place
    this.help = help
  }
}

function helpFor(kind: FailureKind, provider: string): string | null {
  switch (kind) {
    case 'auth':
      return `check the API key of '${provider}' and what it may use`
    case 'quota':
      return `the account behind '${provider}' has no credit or quota left`
    case 'unknown-model':
      return `'${provider}' does not serve this model: check its name`
    case 'too-long':
      return 'shorten the prompt or take a model with a larger context'
    case 'redirect':
      return 'redirects are never followed: set the base URL to the final address'
    case 'unreachable':
      return `is the base URL of '${provider}' right, and the network up?`
    default:
      return null
  }
}
