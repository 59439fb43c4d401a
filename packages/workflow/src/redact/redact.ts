import { createHash } from 'node:crypto'
import { str } from '../python/text.ts'
import { isList, isMapping, type Value, type ValueMap } from '../value/value.ts'
import { type Glob, matchesGlob, parseGlob } from './glob.ts'

/** Hexadecimal digits of a sentinel: enough to tell secrets apart, too few to say anything else. */
const DIGITS = 16
const SENTINEL = /^<REDACTED:sha256=[0-9a-f]{16}>$/

/**
 * A copy of a value of the user's (a state, an output) in which everything under a matching key is a sentinel,
 * `<REDACTED:sha256=…>`. A pattern is a glob, tested against a key and against its dotted path; elements of a list have the path of
 * their list. Under a matching key each element of a list, each value of a mapping is a sentinel of its own. Redacting twice changes
 * nothing; equal secrets have equal sentinels. Nothing of the engine's own (statuses, tokens, ids) may be handed in.
 * @param path keys under which the value itself stands, so that patterns can match it
 */
export function redact<V extends Value>(value: V, patterns: readonly string[], path: readonly string[] = []): V {
  // Redaction keeps mappings mappings and lists lists; only a scalar that stands under a matching key becomes a text.
  return (patterns.length === 0 ? value : new Redactor(patterns).redact(value, path)) as V
}

/** What `AGENTLOOM_REDACT_STATE_KEYS` holds: patterns between commas, blanks around them do not count. */
export function parsePatterns(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').flatMap((pattern) => (pattern.trim() === '' ? [] : [pattern.trim()]))
}

/** The same rules for many values. */
export class Redactor {
  readonly #keys = new Set<string>()
  readonly #globs: Glob[] = []

  constructor(patterns: readonly string[]) {
    for (const pattern of patterns) {
      if (/[*?[]/.test(pattern)) this.#globs.push(parseGlob(pattern))
      else this.#keys.add(pattern)
    }
  }

  /** See {@link redact}. */
  redact(value: Value, path: readonly string[] = []): Value {
    if (this.#keys.size === 0 && this.#globs.length === 0) return value
    const key = path.at(-1)
    if (key !== undefined && this.#matches(key, path.join('.'))) return hidden(value)
    return this.#walk(value, path.join('.'))
  }

  /** Texts that {@link redact} hides in a value: to take them out of messages, too. */
  secretsIn(value: Value): readonly string[] {
    const secrets = new Set<string>()
    this.#collect(value, { path: '', isHidden: false, secrets })
    return [...secrets]
  }

  #walk(value: Value, path: string): Value {
    if (isList(value)) return value.map((item) => this.#walk(item, path))
    if (!isMapping(value)) return value
    return mapped(value, (item, key) => {
      const below = path === '' ? key : `${path}.${key}`
      return this.#matches(key, below) ? hidden(item) : this.#walk(item, below)
    })
  }

  #matches(key: string, path: string): boolean {
    if (this.#keys.has(key) || this.#keys.has(path)) return true
    return this.#globs.some((glob) => matchesGlob(glob, key) || matchesGlob(glob, path))
  }

  #collect(
    value: Value,
    at: { readonly path: string; readonly isHidden: boolean; readonly secrets: Set<string> },
  ): void {
    if (isList(value)) for (const item of value) this.#collect(item, at)
    else if (isMapping(value)) {
      for (const key of Object.keys(value)) {
        const path = at.path === '' ? key : `${at.path}.${key}`
        const isHidden = at.isHidden || this.#matches(key, path)
        this.#collect(value[key] ?? null, { path, isHidden, secrets: at.secrets })
      }
    } else if (at.isHidden && typeof value === 'string' && !SENTINEL.test(value)) at.secrets.add(value)
  }
}

/** One level only: what is deeper inside is part of the digest. */
function hidden(value: Value): Value {
  if (isList(value)) return value.map(sentinel)
  return isMapping(value) ? mapped(value, sentinel) : sentinel(value)
}

function sentinel(value: Value): string {
  if (typeof value === 'string' && SENTINEL.test(value)) return value
  const text = value === null ? '' : str(value)
  return `<REDACTED:sha256=${createHash('sha256').update(text).digest('hex').slice(0, DIGITS)}>`
}

function mapped(value: ValueMap, change: (item: Value, key: string) => Value): ValueMap {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item, key)]))
}
