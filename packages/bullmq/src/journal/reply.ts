/**
 * Replies of scripts are checked part by part, by hand: these are read for every step, and a schema costs as much as the
 * rest of the reading. A reply that is not as the script's head says is a bug of ours, or another program's script.
 */
export type Reply = readonly unknown[]

export function listIn(value: unknown): Reply {
  if (Array.isArray(value)) return value
  throw unexpected('a list', value)
}

export function intIn(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw unexpected('a whole number', value)
}

export function textIn(value: unknown): string {
  if (typeof value === 'string') return value
  throw unexpected('a text', value)
}

export function textOrNullIn(value: unknown): string | null {
  return value === null || value === undefined ? null : textIn(value)
}

export function oneOf<Text extends string>(allowed: ReadonlySet<Text>, value: unknown): Text {
  if (allowed.has(value as Text)) return value as Text
  throw unexpected(`one of ${[...allowed].join(', ')}`, value)
}

function unexpected(what: string, value: unknown): Error {
  return new Error(`a script answered ${JSON.stringify(value)?.slice(0, 100)} where ${what} belongs`)
}
