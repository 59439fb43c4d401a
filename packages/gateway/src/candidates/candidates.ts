import { LRUCache } from 'lru-cache'
import { ProviderSettingError } from '../failure/errors.ts'
import type { Provider } from '../provider.ts'

export interface Registration {
  /** Lower is asked first; equals keep the order of registration. Default 0. */
  readonly priority?: number
  /** Asked last, also for models that it does not know. Default false. */
  readonly isFallback?: boolean
  /** Models that are surely this provider's: it comes before those that only match by name. */
  readonly models?: readonly string[]
}

/** A provider that may serve a call, and the model's name there. */
export interface Candidate {
  readonly provider: Provider
  readonly model: string
  readonly priority: number
  readonly isFallback: boolean
}

export interface Candidates {
  add(provider: Provider, registration?: Registration): void
  remove(name: string): boolean
  /** In the order in which they are asked. Cached; the list is the same object until the next change. */
  for(model: string): readonly Candidate[]
  names(): readonly string[]
  providers(): readonly Provider[]
  /** How many models are cached now. */
  readonly cached: number
}

interface Entry {
  readonly provider: Provider
  readonly priority: number
  readonly isFallback: boolean
  readonly models: ReadonlySet<string>
}

/** Provider names are the first half of `provider/model`. */
const PROVIDER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** @param cacheMax models whose candidates are remembered; the least recently used goes first */
export function createCandidates(cacheMax: number): Candidates {
  if (!Number.isSafeInteger(cacheMax) || cacheMax < 1)
    throw new ProviderSettingError('candidateCacheMax', `must be a whole number from 1, found ${cacheMax}`)
  const cache = new LRUCache<string, readonly Candidate[]>({ max: cacheMax })
  let entries: readonly Entry[] = []

  function replace(next: readonly Entry[]): void {
    // Array.prototype.sort is stable: equal priorities keep the order of registration.
    entries = [...next].sort((one, other) => one.priority - other.priority)
    cache.clear()
  }

  return {
    add(provider, { priority = 0, isFallback = false, models = [] } = {}) {
      if (!PROVIDER_NAME.test(provider.name))
        throw new ProviderSettingError('provider.name', `'${provider.name}' cannot be a provider's name`)
      if (!Number.isFinite(priority)) throw new ProviderSettingError('priority', `must be a number, found ${priority}`)
      replace([...entries, { provider, priority, isFallback, models: new Set(models) }])
    },
    remove(name) {
      const left = entries.filter((entry) => entry.provider.name !== name)
      const isRemoved = left.length < entries.length
      if (isRemoved) replace(left)
      return isRemoved
    },
    for(model) {
      let found = cache.get(model)
      if (found === undefined) {
        found = Object.freeze(candidatesOf(model, entries))
        cache.set(model, found)
      }
      return found
    },
    names: () => entries.map(({ provider }) => provider.name),
    providers: () => entries.map(({ provider }) => provider),
    get cached() {
      return cache.size
    },
  }
}

/**
 * Those that list the model, those whose names match, and the fallbacks that know it neither way; each group by priority. A name
 * `provider/model` that nobody lists is that provider's alone: who says so means it.
 */
function candidatesOf(model: string, entries: readonly Entry[]): readonly Candidate[] {
  const listed = entries.filter(({ models }) => models.has(model))
  if (listed.length === 0) {
    const slash = model.indexOf('/')
    const named = slash > 0 ? entries.filter(({ provider }) => provider.name === model.slice(0, slash)) : []
    if (named.length > 0) return named.map((entry) => candidate(entry, model.slice(slash + 1)))
  }
  const matching = entries.filter((entry) => !listed.includes(entry) && (entry.provider.supports?.(model) ?? true))
  const lastResort = entries.filter((entry) => entry.isFallback && !listed.includes(entry) && !matching.includes(entry))
  return [...listed, ...matching, ...lastResort].map((entry) => candidate(entry, model))
}

function candidate({ provider, priority, isFallback }: Entry, model: string): Candidate {
  return { provider, model, priority, isFallback }
}

/**
 * The candidates with the provider that the workflow names in front, where it serves the model and is not a mere last resort.
 * It beats priority: a workflow that says `ollama` must not be billed by somebody else.
 */
export function withPreferred(candidates: readonly Candidate[], name: string): readonly Candidate[] {
  if (candidates.length < 2) return candidates
  const preferred = candidates.filter(
    ({ provider, model }) => provider.name === name && (provider.supports?.(model) ?? true),
  )
  if (preferred.length === 0 || preferred[0] === candidates[0]) return candidates
  return [...preferred, ...candidates.filter((candidate) => !preferred.includes(candidate))]
}
