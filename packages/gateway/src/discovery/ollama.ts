import { openAICompatible } from '../openai/openai-compatible.ts'
import { own } from '../record.ts'
import { withVersion, type Discovered, type Environment } from './environment.ts'

const OLLAMA_URL = 'http://localhost:11434'
/** A server on this machine answers at once or is not there; whoever starts a run should not notice the question. */
const DETECT_MS = 300
const LISTED_MODELS_MAX = 1_000

export interface OllamaOptions {
  /**
   * Whether a model that Ollama does not have is answered by its first one. Default false: the model is then unknown. For demonstrations
   * that must run with whatever model there is; the reply names the model that answered.
   */
  readonly standIn?: boolean
}

export interface DiscoveredOllama extends Discovered {
  /** Names as Ollama lists them, newest first. */
  readonly models: readonly string[]
}

/**
 * Ollama at `OLLAMA_BASE_URL` or on this machine, through its `/v1`, if it answers within 300 ms and has a model; else null.
 * Registered as last resort. Never throws.
 */
export async function detectOllama(
  environment: Environment,
  { standIn = false }: OllamaOptions = {},
): Promise<DiscoveredOllama | null> {
  try {
    const baseURL = withVersion(environment['OLLAMA_BASE_URL']?.trim() || OLLAMA_URL)
    const response = await fetch(`${baseURL}/models`, { redirect: 'error', signal: AbortSignal.timeout(DETECT_MS) })
    if (!response.ok) return null
    const models = modelsIn(await response.json())
    const [first] = models
    if (first === undefined) return null
    const has = new Set(models)
    const provider = openAICompatible({
      name: 'ollama',
      baseURL,
      isFree: true,
      supports: (model) => standIn || has.has(model) || has.has(`${model}:latest`),
      ...(standIn && { modelFor: (model) => (has.has(model) || has.has(`${model}:latest`) ? model : first) }),
    })
    return { provider, models, registration: { priority: 100, isFallback: true, models } }
  } catch {
    return null
  }
}

function modelsIn(body: unknown): readonly string[] {
  const data = own(body, 'data')
  if (!Array.isArray(data)) return []
  const ids = data.slice(0, LISTED_MODELS_MAX).map((model: unknown) => own(model, 'id'))
  return ids.filter((id) => typeof id === 'string')
}
