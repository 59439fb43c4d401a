import { own } from '../record.ts'
import { failureOfStatus } from './classify.ts'
import { ProviderError } from './errors.ts'

/** Whatever a provider threw, as a typed failure. A user's provider may throw anything. */
export function providerErrorFrom(provider: string, thrown: unknown): ProviderError {
  if (thrown instanceof ProviderError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const status = own(thrown, 'status') ?? own(thrown, 'statusCode')
  if (typeof status === 'number' && Number.isInteger(status) && status >= 300 && status <= 599) {
    const { kind } = failureOfStatus(status, message, new Headers(), 0)
    return new ProviderError(provider, { kind, status, reason: message })
  }
  return new ProviderError(provider, { kind: 'failed', reason: message })
}
