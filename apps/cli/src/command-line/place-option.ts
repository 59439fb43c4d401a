import { invalid } from './numbers.ts'

/** ` --redis URL` for proposed commands, if the place was named by option; a URL with a password is not repeated. */
export function placeOptionsOf(redis: string | undefined): string {
  if (redis === undefined) return ''
  return ` --redis ${hasPassword(redis) ? 'URL' : redis}`
}

function hasPassword(url: string): boolean {
  return /\/\/[^/]*@/.test(url) || /[?&]password=/i.test(url)
}

/** Options that only make sense for one of the two places. @throws {UsageError} */
export function refuseWith(place: 'redis' | 'embedded', options: { readonly [name: string]: unknown }): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    throw invalid(
      name,
      place === 'redis'
        ? 'runs in Redis are executed by workers; give it to `agentloom worker`.'
        : 'it needs a Redis (--redis URL).',
    )
  }
}
