import { invalid } from './numbers.ts'

/** ` --redis URL` for proposed commands, if the place was named by option; a URL with a password is not repeated. */
export function placeOptionsOf(redis: string | undefined): string {
  if (redis === undefined) return ''
  return ` --redis ${hasPassword(redis) ? 'URL' : redis}`
}

function hasPassword(url: string): boolean {
  return /\/\/[^/]*@/.test(url) || /[?&]password=/i.test(url)
}

/** Options that make no sense with runs in Redis, embedded, or with many of them. @throws {UsageError} */
export function refuseWith(place: keyof typeof REFUSALS, options: { readonly [name: string]: unknown }): void {
  for (const [name, value] of Object.entries(options)) if (value !== undefined) throw invalid(name, REFUSALS[place])
}

const REFUSALS = {
  redis: 'runs in Redis are executed by workers; give it to `agentloom worker`.',
  embedded: 'it needs a Redis (--redis URL).',
  'many-runs': 'it goes with one RUN_ID.',
} as const
