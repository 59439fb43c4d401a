import { createHash } from 'node:crypto'
import {
  canonicalJson,
  isList,
  isMapping,
  parseValue,
  renderTemplate,
  ValueError,
  type CachePolicy,
  type Plan,
  type StepSpec,
  type Value,
} from '@agentloom/workflow'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../ports/clock.ts'
import type { Attempt, Executors } from './attempt.ts'
import { whole } from './failure.ts'

/** Keeps results of steps. What it loses, or cannot tell, is made again. */
export interface Cache {
  get(key: string): Promise<string | null>
  /** @param ttlMs null: as long as there is room */
  set(key: string, text: string, ttlMs: number | null): Promise<void>
}

/** Characters that the cache of a process may hold. */
const CHARACTERS_MAX = 64 * 1024 * 1024

/** A cache of one process, which forgets first what was not asked for longest. */
export function memoryCache(clock: Clock): Cache {
  const texts = new LRUCache<string, string>({
    maxSize: CHARACTERS_MAX,
    sizeCalculation: (text, key) => text.length + key.length,
    perf: { now: () => clock.monotonic() },
    ttlResolution: 0,
  })
  return {
    get: async (key) => texts.get(key) ?? null,
    async set(key, text, ttlMs) {
      texts.set(key, text, ttlMs === null ? {} : { ttl: ttlMs })
    },
  }
}

const defaults = new WeakMap<Executors, Cache>()

function cacheOf(executors: Executors): Cache {
  const found = executors.cache ?? defaults.get(executors)
  if (found !== undefined) return found
  const made = memoryCache(executors.clock)
  defaults.set(executors, made)
  return made
}

/** The place of one result: what a step with this text gave under this key, whichever run it was in. */
export interface CachePlace {
  /** Undefined where nothing is kept. */
  found(): Promise<Value | undefined>
  keep(text: string): Promise<void>
}

/** @throws {TemplateError | BrokenTextError} */
export function cachePlace(executors: Executors, attempt: Attempt, policy: CachePolicy): CachePlace {
  const cache = cacheOf(executors)
  const { plan, node } = attempt
  const key = sha256([stepText(plan, node.step), renderTemplate(whole(policy.key), attempt.state())].join('\0'))
  return {
    async found() {
      const text = await quietly(() => cache.get(key))
      if (text == null) return undefined
      try {
        return parseValue(text)
      } catch (error) {
        if (error instanceof ValueError) return undefined
        throw error
      }
    },
    keep: async (text) => void (await quietly(() => cache.set(key, text, policy.ttlMs))),
  }
}

/** A cache that fails is one that has nothing. */
async function quietly<Result>(ask: () => Promise<Result>): Promise<Result | null> {
  try {
    return await ask()
  } catch {
    return null
  }
}

const texts = new WeakMap<StepSpec, string>()

/** Of everything that the result depends on beside the key: the step as written, and the settings that its model call takes from the workflow. */
function stepText(plan: Plan, step: StepSpec): string {
  const known = texts.get(step)
  if (known !== undefined) return known
  const { provider, mock } = plan.config
  const settings = step.type === 'llm_call' ? [provider, step.model, mock?.responses ?? null] : []
  const text = sha256(
    canonicalJson([step.type, written(plan.definition.workflow['steps'] ?? null, step.id), ...settings]),
  )
  texts.set(step, text)
  return text
}

/** The step as the user wrote it; bodies of `foreach` lie inside others. */
function written(value: Value, id: string): Value {
  if (isList(value)) return value.map((item) => written(item, id)).find((item) => item !== null) ?? null
  if (!isMapping(value)) return null
  if (value['id'] === id) return value
  return written(value['step'] ?? null, id)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
