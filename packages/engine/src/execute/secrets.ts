import { AgentloomError, Float, isList, secretNames, type Argument, type Value } from '@agentloom/workflow'
import type { Claim, Wait } from '../ports/journal.ts'
import type { Attempt, Executors } from './attempt.ts'

/** A secret's value by its name, where the step runs; null where there is none. Asked each time that a step needs it. */
export type Secrets = (name: string) => Promise<string | null>

/** Shorter ones are not hidden: they would blacken half of every text, and hide nothing. */
const MASKED_CHARACTERS_MIN = 4
const MASK = '***'
/** How often a step that misses a secret looks again. */
const CHECK_MS = 30_000

/** This process does not have a secret that the step needs. The step waits for one that has it, or until it is there. */
export class MissingSecretError extends AgentloomError {
  override readonly name = 'MissingSecretError'
  readonly code = 'step/no-secret'
  readonly retryable = true
  override readonly help = 'set the environment variable of this name where the step runs'
  readonly wait: Wait
  constructor(secret: string) {
    super(`there is no secret ${secret}`)
    this.wait = { kind: 'parked', reason: 'no-secret', message: this.message, checkMs: CHECK_MS }
  }
}

/** Of a step, while it runs. Items of a `foreach` share their step's. */
const used = new WeakMap<Claim, Set<string>>()

/** @throws {MissingSecretError} */
export async function secretOf(
  { secrets = environmentSecrets }: Executors,
  { held }: Attempt,
  name: string,
): Promise<string> {
  const secret = await secrets(name)
  if (secret === null) throw new MissingSecretError(name)
  const found = used.get(held.claim)
  if (found === undefined) used.set(held.claim, new Set([secret]))
  else found.add(secret)
  return secret
}

/** What the arguments need. @throws {MissingSecretError} */
export async function secretsFor(
  executors: Executors,
  attempt: Attempt,
  args: readonly Argument[],
): Promise<ReadonlyMap<string, string> | undefined> {
  const names = new Set(args.flatMap(secretNames))
  if (names.size === 0) return undefined
  const found = new Map<string, string>()
  for (const name of names) found.set(name, await secretOf(executors, attempt, name))
  return found
}

/** Takes the secrets that the step has used out of a text that others will see. */
export function masked({ held }: Attempt, text: string): string {
  return longestFirst(used.get(held.claim)).reduce((shown, secret) => shown.replaceAll(secret, MASK), text)
}

export function hasSecrets({ held }: Attempt): boolean {
  return used.has(held.claim)
}

export function maskedValue(attempt: Attempt, value: Value): Value {
  if (!hasSecrets(attempt)) return value
  return mapTexts(value, (text) => masked(attempt, text))
}

function longestFirst(secrets: ReadonlySet<string> = new Set()): readonly string[] {
  return [...secrets]
    .filter((secret) => secret.length >= MASKED_CHARACTERS_MIN)
    .sort((left, right) => right.length - left.length)
}

function mapTexts(value: Value, map: (text: string) => string): Value {
  if (typeof value === 'string') return map(value)
  if (typeof value !== 'object' || value === null || value instanceof Float) return value
  if (isList(value)) return value.map((item) => mapTexts(item, map))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [map(key), mapTexts(item, map)]))
}

/** Settings of the engine's own, which no workflow has business with. */
const OWN_NAMES = /^AGENTLOOM_|^REDIS_URL$/

/** Environment variables of this process; the engine's own settings are none. */
export const environmentSecrets: Secrets = async (name) => {
  if (OWN_NAMES.test(name) || !Object.hasOwn(process.env, name)) return null
  return process.env[name] ?? null
}
