import { isMapping, type Definition, type Value, type ValueMap } from '@agentloom/workflow'
import type { Settings } from '../settings.ts'

/** Recorded answers to replay. */
export interface Recorded {
  /** For messages. */
  readonly name: string
  readonly text: string
  /** Whether answers take as long as they are recorded to have taken; else they come at once. */
  readonly hasLatency?: boolean
}

/** What the command line says in place of the file. */
export interface Overrides {
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly budgetUsd?: number | undefined
  readonly stream?: boolean | undefined
  readonly strict?: boolean | undefined
  readonly recorded?: Recorded | undefined
}

/**
 * The definition with the command line's words laid over its config, and the settings' under it. What comes out is what
 * the run is pinned to, so a resumed run needs none of them again.
 */
export function overridden(definition: Definition, overrides: Overrides, settings: Settings): Definition {
  return withRedaction(withConfig(definition, overrides, settings), settings)
}

function withRedaction(definition: Definition, { AGENTLOOM_REDACT_STATE_KEYS: patterns = [] }: Settings): Definition {
  const { state_schema: schema = {} } = definition.workflow
  if (patterns.length === 0 || !isMapping(schema)) return definition
  const redacted = Object.fromEntries(patterns.map((pattern) => [pattern, { redact: true }]))
  return { ...definition, workflow: { ...definition.workflow, state_schema: { ...schema, ...redacted } } }
}

function withConfig(definition: Definition, overrides: Overrides, settings: Settings): Definition {
  const { provider, model, budgetUsd, stream, strict, recorded } = overrides
  const given = definition.workflow['config']
  // What is no mapping is the schema's to refuse.
  if (given !== undefined && !isMapping(given)) return definition
  const config: { [key: string]: Value } = { ...defaults(settings), ...given }
  if (provider !== undefined) config['provider'] = provider
  if (model !== undefined) config['model'] = model
  if (budgetUsd !== undefined) config['budget_usd'] = budgetUsd
  if (stream === true) config['stream'] = true
  if (strict === true) config['strict'] = true
  let { files } = definition
  if (recorded !== undefined) {
    config['provider'] = 'mock'
    config['responses_file'] = recorded.name
    config['latency_model'] = recorded.hasLatency === true ? 'replay' : 'constant'
    config['latency_ms'] = 0
    files = { ...files, [recorded.name]: recorded.text }
  }
  if (given === undefined && Object.keys(config).length === 0) return definition
  return { ...definition, workflow: { ...definition.workflow, config }, files }
}

function defaults(settings: Settings): ValueMap {
  const { AGENTLOOM_DEFAULT_PROVIDER, AGENTLOOM_MAX_CONCURRENT_STEPS, AGENTLOOM_BUDGET_LIMIT } = settings
  return {
    ...(AGENTLOOM_DEFAULT_PROVIDER !== undefined && { provider: AGENTLOOM_DEFAULT_PROVIDER }),
    ...(AGENTLOOM_MAX_CONCURRENT_STEPS !== undefined && { max_concurrent_steps: AGENTLOOM_MAX_CONCURRENT_STEPS }),
    ...(AGENTLOOM_BUDGET_LIMIT !== undefined && { budget_usd: AGENTLOOM_BUDGET_LIMIT }),
  }
}
