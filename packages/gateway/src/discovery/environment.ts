import type { Registration } from '../candidates/candidates.ts'
import { isOpenAIModel } from '../candidates/model-names.ts'
import type { Provider } from '../provider.ts'
import { openAICompatible } from '../openai/openai-compatible.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A provider and how it is to be registered. */
export interface Discovered {
  readonly provider: Provider
  readonly registration: Registration
}

const OPENAI_URL = 'https://api.openai.com/v1'
const OPENAI_LISTED = ['gpt-4o-mini', 'gpt-4o', 'gpt-4.1', 'o4-mini', 'gpt-5-mini', 'gpt-5']

/** Keys of vendors whose wire formats the gateway does not speak yet. */
const LATER = [
  { variable: 'ANTHROPIC_API_KEY', vendor: 'anthropic' },
  { variable: 'GOOGLE_API_KEY', vendor: 'google' },
] as const

/**
 * The providers that the environment has keys for: `OPENAI_API_KEY`, with `OPENAI_BASE_URL` where it is not the vendor's own. Opens
 * no connection. (Ollama needs a look: `detectOllama`.)
 * @throws {ProviderSettingError} naming the setting, never the key
 */
export function providersFromEnvironment(environment: Environment): readonly Discovered[] {
  const apiKey = environment['OPENAI_API_KEY']?.trim()
  if (apiKey === undefined || apiKey === '') return []
  const baseURL = withVersion(environment['OPENAI_BASE_URL']?.trim() || OPENAI_URL)
  const provider = openAICompatible({ name: 'openai', baseURL, apiKey, supports: isOpenAIModel })
  return [{ provider, registration: { priority: 0, models: OPENAI_LISTED } }]
}

/** Vendors whose key is set but who are not served yet, for whoever tells the user why nothing was asked there. */
export function keysNotYetServed(environment: Environment): readonly { variable: string; vendor: string }[] {
  return LATER.filter(({ variable }) => (environment[variable]?.trim() ?? '') !== '')
}

/** A base URL as people write it: `/v1` is added where it does not end with it. */
export function withVersion(baseURL: string): string {
  const bare = baseURL.replace(/\/+$/, '')
  return bare.endsWith('/v1') ? bare : `${bare}/v1`
}
