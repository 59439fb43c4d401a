import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import {
  createGateway,
  detectOllama,
  keysNotYetServed,
  providersFromEnvironment,
  type Gateway,
} from '@agentloom/gateway'
import { parseValue, toPlain, ValueError, type Plan } from '@agentloom/workflow'
import { readRegularFile } from '@agentloom/workflow/node'
import { CliError } from '../errors.ts'
import type { Io } from '../io/io.ts'
import type { Settings } from '../settings.ts'
import { printable } from '../terminal/printable.ts'
import { commandName } from '../terminal/summary.ts'

const PRICES_BYTES_MAX = 1024 * 1024
/** The longest path of Linux. A command that is cut is of no use. */
const PATH_CHARACTERS_MAX = 4_096

export interface ProviderOptions {
  /** A model that Ollama does not have is answered by its first one: for the main job, which must run with whatever there is. */
  readonly hasStandIn: boolean
}

/** The gateway for a plan, with the providers that the environment offers. */
export async function gatewayFor(
  plan: Plan,
  io: Io,
  settings: Settings,
  { hasStandIn }: ProviderOptions,
): Promise<Gateway> {
  const prices = await pricesFrom(settings, io)
  const gateway = createGateway({
    candidateCacheMax: settings.AGENTLOOM_CANDIDATE_CACHE_MAX,
    ...(prices !== null && { prices }),
  })
  if (!needsProviders(plan)) return gateway
  for (const { provider, registration } of providersFromEnvironment(io.env)) gateway.register(provider, registration)
  if (unserved(plan, gateway).length > 0) {
    const ollama = await detectOllama(io.env, { standIn: hasStandIn })
    if (ollama !== null) gateway.register(ollama.provider, ollama.registration)
  }
  return gateway
}

/** Models of the plan that nobody here serves. */
export function unserved(plan: Plan, gateway: Gateway): readonly string[] {
  if (!needsProviders(plan)) return []
  return modelsOf(plan).filter((model) => gateway.candidates(model).length === 0)
}

/** Says that a key is there which nobody asks yet; empty where there is none. */
export function laterKeysNote(io: Io): string {
  const later = keysNotYetServed(io.env).map(
    ({ variable, vendor }) => `${variable} is set, but this version does not serve ${vendor} yet`,
  )
  return later.length === 0 ? '' : ` (${later.join('; ')})`
}

/**
 * @param file the workflow file that was named, for the command that is proposed; null where none was
 * @throws {CliError} `provider/none` where a model of the plan is served by nobody: better now than in the middle of the run
 */
export function checkServed(plan: Plan, gateway: Gateway, io: Io, file: string | null): void {
  const models = unserved(plan, gateway)
  if (models.length === 0) return
  throw new CliError(
    'provider/none',
    `no provider serves ${models.map((model) => printable(model, 80)).join(', ')}${laterKeysNote(io)}`,
    {
      place: stepsWith(plan, models),
      help: `set OPENAI_API_KEY (with OPENAI_BASE_URL for another server), run Ollama with that model, or replay answers: ${replayCommand(file, io)}`,
    },
  )
}

/** Name of the answers that an example brings along, beside its workflow file. */
const RECORDED = 'recorded.json'

function replayCommand(file: string | null, io: Io): string {
  const recorded = file === null ? null : join(dirname(file), RECORDED)
  if (file === null || recorded === null || !existsSync(resolve(io.cwd(), recorded))) return '--mock-responses FILE'
  return `${commandName(io.env)} run ${shellWord(file)} --mock-responses ${shellWord(recorded)}`
}

function shellWord(text: string): string {
  const shown = printable(text, PATH_CHARACTERS_MAX)
  return /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", `'\\''`)}'`
}

function needsProviders(plan: Plan): boolean {
  return plan.config.mock === null && plan.nodes.some(({ step }) => step.type === 'llm_call')
}

function modelsOf(plan: Plan): readonly string[] {
  const models = plan.nodes.flatMap(({ step }) => (step.type === 'llm_call' ? [step.model] : []))
  return [...new Set(models)]
}

function stepsWith(plan: Plan, models: readonly string[]): string {
  const steps = plan.nodes.filter(({ step }) => step.type === 'llm_call' && models.includes(step.model))
  return `steps.${printable(steps[0]?.id ?? '')}${steps.length > 1 ? ` and ${steps.length - 1} more` : ''}`
}

/** @throws {FileError} · {CliError} `config/pricing-file` */
export async function pricesFrom({ AGENTLOOM_PRICING_FILE: path }: Settings, io: Io): Promise<unknown> {
  if (path === undefined) return null
  const bytes = await readRegularFile(resolve(io.cwd(), path), PRICES_BYTES_MAX)
  try {
    return toPlain(parseValue(new TextDecoder().decode(bytes)))
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    throw new CliError('config/pricing-file', `it is ${printable(error.message)}`, { place: path })
  }
}
